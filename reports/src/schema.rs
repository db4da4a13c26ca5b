//! Owns the schemas of documents: made of the types that are written, so that they are never behind them.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::document::Document;

/// The JSON schema (draft 2020-12) of the record that `raceproof run` writes.
///
/// ```
/// let schema = raceproof_reports::schema::record();
/// assert_eq!(schema["properties"]["format"]["const"], "raceproof-record");
/// ```
#[must_use]
pub fn record() -> Value {
    of::<Document>(crate::document::FORMAT, "What `raceproof run` writes")
}

/// The schema of a document of type `T`, of which the field `format` says `format`. What may be missing is not required, and what is not
/// named may be there: fields are appended within a version.
#[must_use]
pub fn of<T: JsonSchema>(format: &str, title: &str) -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    schema["title"] = title.into();
    schema["properties"]["format"]["const"] = format.into();
    schema
}

#[cfg(test)]
mod tests {
    use raceproof::Outcome;
    use serde_json::Map;

    use super::*;
    use crate::samples;

    fn all() -> Vec<Outcome> {
        let mut all = samples::everything();
        all.extend(samples::swept());
        all.extend([samples::split(), samples::deadlock(), samples::breakdown(), samples::expired()]);
        all.push(samples::generated("Increment(3)"));
        all
    }

    #[test]
    fn records_of_every_kind_are_valid() {
        let validator = jsonschema::draft202012::new(&record()).expect("a schema");
        let document = serde_json::to_value(Document::new(vec!["a".to_owned()], all())).expect("JSON");
        let errors: Vec<_> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }

    /// A schema that accepts everything would prove nothing.
    #[test]
    fn damaged_records_are_not() {
        let validator = jsonschema::draft202012::new(&record()).expect("a schema");
        let document = serde_json::to_value(Document::new(Vec::new(), all())).expect("JSON");
        for (member, wrong) in [("/outcomes/0/seed", Value::from("1")), ("/format", "har".into())] {
            let mut damaged = document.clone();
            *damaged.pointer_mut(member).expect("it is there") = wrong;
            assert!(!validator.is_valid(&damaged), "{member}");
        }
        for member in ["verdict", "coverage", "card"] {
            let mut damaged = document.clone();
            damaged["outcomes"][0].as_object_mut().expect("an outcome").remove(member);
            assert!(!validator.is_valid(&damaged), "{member}");
        }
    }

    /// Each member of each object, wherever it stands in the schema.
    fn undescribed(schema: &Value, place: &str, found: &mut Vec<String>) {
        if let Some(members) = schema.get("properties").and_then(Value::as_object) {
            // What says which variant it is has no more to say than its name.
            let is_plain = |member: &Value| member.get("const").is_some();
            // What goes with a variant is told where the variant is.
            let is_told = |name: &str| name == "with" && schema.get("description").is_some();
            let dark = |(name, member): &(&String, &Value)| {
                member.get("description").is_none() && !is_plain(member) && !is_told(name)
            };
            found.extend(members.iter().filter(dark).map(|(name, _)| format!("{place}/{name}")));
        }
        match schema {
            Value::Object(members) => inside(members, place, found),
            Value::Array(items) => items.iter().for_each(|item| undescribed(item, place, found)),
            _ => {}
        }
    }

    fn inside(members: &Map<String, Value>, place: &str, found: &mut Vec<String>) {
        for (name, value) in members {
            undescribed(value, &format!("{place}/{name}"), found);
        }
    }

    #[test]
    fn every_member_is_described() {
        let mut found = Vec::new();
        undescribed(&record(), "", &mut found);
        assert_eq!(found, [""; 0]);
    }
}
