//! What is written of each part of a project: all of its fields, in this order.
//!
//! The fields are named here rather than taken from the types' own `serde` forms: those are of JSON, which may leave
//! out what is empty, and hold values that only a text that describes itself can bring back. A field that is missing
//! here does not compile.

use tailwater_core::project::{
    Column, ExposureInfo, FreshnessCriteria, Group, Macro, MacroArgument, Node, NodeRelation,
    ProjectMetadata, ResourceType, Severity, TestInfo, TestKind,
};
use tailwater_core::relation::RelationName;

use super::code::{Code, Input, Output};

macro_rules! fields {
    ($type:ident: $($field:ident)*) => {
        impl Code for $type {
            fn write(&self, output: &mut Output) {
                let Self { $($field),* } = self;
                $($field.write(output);)*
            }

            fn read(input: &mut Input) -> Option<Self> {
                Some(Self { $($field: Code::read(input)?),* })
            }
        }
    };
}

/// One of a few, by its place among all.
macro_rules! words {
    ($type:ident: $all:expr) => {
        impl Code for $type {
            fn write(&self, output: &mut Output) {
                let place = $all.iter().position(|known| known == self);
                // One that is not among all is none when it is read.
                place.map_or(u64::MAX, |place| place as u64).write(output);
            }

            fn read(input: &mut Input) -> Option<Self> {
                $all.get(usize::try_from(u64::read(input)?).ok()?).copied()
            }
        }
    };
}

fields!(ProjectMetadata: package adapter_type dbt_version schema_version generated_at invocation_id notes);
fields!(Node: unique_id resource_type name package fqn path patch_path relation description tags config meta group
    access version latest_version source_name columns depends_on test exposure freshness);
fields!(NodeRelation: name rendered);
fields!(RelationName: database schema name);
fields!(Column: name data_type description);
fields!(TestInfo: kind name namespace attached_node column severity);
fields!(FreshnessCriteria: warn_after_seconds error_after_seconds);
fields!(ExposureInfo: kind label url maturity owner_name owner_email);
fields!(Group: name package owner_name owner_email);
fields!(Macro: unique_id name package path description arguments);
fields!(MacroArgument: name kind description);

words!(ResourceType: ResourceType::ALL);
words!(TestKind: [TestKind::Generic, TestKind::Singular, TestKind::Unit]);
words!(Severity: [Severity::Error, Severity::Warn]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back() {
        let mut output = Output::default();
        let kinds = vec![TestKind::Generic, TestKind::Singular, TestKind::Unit];
        let severities = vec![Severity::Error, Severity::Warn];
        ResourceType::ALL.to_vec().write(&mut output);
        kinds.write(&mut output);
        severities.write(&mut output);
        let mut input = Input::of(output.bytes);
        assert_eq!(Vec::read(&mut input), Some(ResourceType::ALL.to_vec()));
        assert_eq!(Vec::read(&mut input), Some(kinds));
        assert_eq!(Vec::read(&mut input), Some(severities));
        assert_eq!(ResourceType::read(&mut Input::of(vec![14])), None);
    }
}
