//! What an extern op gives to a test that calls it: its outputs as JSON, in the form that such a call's value has.
//!
//! A plain output is its value, an optional one its value or `null`, a dynamic one the list of its `[key, value]` pairs; all
//! together are the one of an op whose output has no name of its own, else an object by name.

use dynop_values::failing::Failure;
use dynop_values::{Owned, json};

use crate::protocol::Output;

/// The last of the letters of an op's outputs where its result is a named tuple.
pub(crate) const NAMED: char = '*';

/// The outputs so far.
pub(crate) struct Gathered {
    /// By output: values of a plain one, pairs of a dynamic one.
    values: Vec<Vec<String>>,
}

impl Gathered {
    pub(crate) fn new(outputs: usize) -> Self {
        Self {
            values: vec![Vec::new(); outputs],
        }
    }

    /// Adds a plain output.
    pub(crate) fn output(&mut self, output: u32, name: &str, value: &Owned) -> Result<(), Failure> {
        let value = value.to_json().map_err(|error| error.message)?;
        match self.values.get_mut(output as usize) {
            Some(values) if values.is_empty() => values.push(value),
            _ => return Err(format!("the output `{name}` is yielded twice").into()),
        }
        Ok(())
    }

    /// Adds an item of a dynamic output.
    pub(crate) fn item(&mut self, output: u32, key: &str, value: &Owned) -> Result<(), Failure> {
        let value = value.to_json().map_err(|error| error.message)?;
        let mut pair = String::from("[");
        json::quote(&mut pair, key);
        pair.push(',');
        pair.push_str(&value);
        pair.push(']');
        if let Some(values) = self.values.get_mut(output as usize) {
            values.push(pair);
        }
        Ok(())
    }

    /// The value of the call; fails where a required output is missing.
    pub(crate) fn value(self, outputs: &[Output], named: bool) -> Result<String, Failure> {
        let mut parts = Vec::new();
        for (output, mut values) in outputs.iter().zip(self.values) {
            parts.push(if output.dynamic {
                format!("[{}]", values.join(","))
            } else if let Some(value) = values.pop() {
                value
            } else if output.optional {
                "null".to_owned()
            } else {
                let message = format!("the output `{}` was not produced", output.name);
                return Err(message.into());
            });
        }
        if !named {
            return Ok(parts.pop().unwrap_or_else(|| "null".to_owned()));
        }
        let mut object = String::from("{");
        for (index, (output, part)) in outputs.iter().zip(&parts).enumerate() {
            if index > 0 {
                object.push(',');
            }
            json::quote(&mut object, output.name);
            object.push(':');
            object.push_str(part);
        }
        object.push('}');
        Ok(object)
    }
}
