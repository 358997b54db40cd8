"""The penguins of each species, one item a species, as soon as the table is read."""

import csv
import json
import sys

document = json.load(sys.stdin)
groups = {}
skipped = 0
with open(document["path"], newline="", encoding="utf-8") as table:
    for row in csv.DictReader(table):
        if "NA" in (row["Flipper Length (mm)"], row["Body Mass (g)"]):
            skipped += 1
            continue
        species = row["Species"].split()[0]
        groups.setdefault(species, []).append(
            {
                "flipper_length_mm": float(row["Flipper Length (mm)"]),
                "body_mass_g": float(row["Body Mass (g)"]),
            }
        )

for species, penguins in groups.items():
    answer = {"dynamic_output": penguins, "mapping_key": species, "output_name": "groups"}
    print(json.dumps(answer), flush=True)
print(json.dumps({"output": skipped, "output_name": "skipped"}))
