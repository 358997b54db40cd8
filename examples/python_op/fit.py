"""The line through flipper length and body mass, by least squares."""

import json
import sys


def fit(points):
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    xx = sum((x - mean_x) ** 2 for x, _ in points)
    xy = sum((x - mean_x) * (y - mean_y) for x, y in points)
    yy = sum((y - mean_y) ** 2 for _, y in points)
    slope = xy / xx
    return {
        "penguins": n,
        "slope": round(slope, 3),
        "intercept": round(mean_y - slope * mean_x, 3),
        "r_squared": round(xy * xy / (xx * yy), 4),
    }


document = json.load(sys.stdin)
points = [(p["flipper_length_mm"], p["body_mass_g"]) for p in document["penguins"]]
print(f"fitting {len(points)} penguins", file=sys.stderr)
print(json.dumps({"output": fit(points)}))
