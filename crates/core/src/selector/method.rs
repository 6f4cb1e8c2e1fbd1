//! The methods that a selector can name.

/// What stands before the colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// The dotted path of package, folders and name; the default of a bare word.
    Fqn,
    /// A tag.
    Tag,
    /// A group.
    Group,
    /// A model's access.
    Access,
    /// A source, or a table of it.
    Source,
    /// A file or directory; the default of a word with a slash.
    Path,
    /// A file's name; the default of a word that ends as a file does.
    File,
    /// A package, `this` being the root project.
    Package,
    /// A value of the configuration.
    Config,
    /// The name of a generic test.
    TestName,
    /// Generic, singular or unit tests.
    TestType,
    /// A kind of resource.
    ResourceType,
    /// What is new against another manifest.
    State,
    /// An exposure.
    Exposure,
    /// A metric.
    Metric,
    /// How the last run ended.
    Result,
    /// Which sources have new data.
    SourceStatus,
    /// The newest, older or newer versions of versioned models.
    Version,
    /// A semantic model.
    SemanticModel,
    /// A saved query.
    SavedQuery,
    /// A unit test.
    UnitTest,
}

impl Method {
    /// Every method, in the order of dbt's documentation.
    pub const ALL: [Self; 21] = [
        Self::Fqn,
        Self::Tag,
        Self::Group,
        Self::Access,
        Self::Source,
        Self::Path,
        Self::File,
        Self::Package,
        Self::Config,
        Self::TestName,
        Self::TestType,
        Self::ResourceType,
        Self::State,
        Self::Exposure,
        Self::Metric,
        Self::Result,
        Self::SourceStatus,
        Self::Version,
        Self::SemanticModel,
        Self::SavedQuery,
        Self::UnitTest,
    ];

    /// dbt's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fqn => "fqn",
            Self::Tag => "tag",
            Self::Group => "group",
            Self::Access => "access",
            Self::Source => "source",
            Self::Path => "path",
            Self::File => "file",
            Self::Package => "package",
            Self::Config => "config",
            Self::TestName => "test_name",
            Self::TestType => "test_type",
            Self::ResourceType => "resource_type",
            Self::State => "state",
            Self::Exposure => "exposure",
            Self::Metric => "metric",
            Self::Result => "result",
            Self::SourceStatus => "source_status",
            Self::Version => "version",
            Self::SemanticModel => "semantic_model",
            Self::SavedQuery => "saved_query",
            Self::UnitTest => "unit_test",
        }
    }

    /// Reads dbt's word for it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// The method of a word without one (dbt-core 1.11, `SelectionCriteria.default_method`).
    pub(super) fn of_bare_word(word: &str) -> Self {
        let lower = word.to_lowercase();
        if word.contains('/') {
            Self::Path
        } else if [".sql", ".py", ".csv"]
            .iter()
            .any(|ending| lower.ends_with(ending))
        {
            Self::File
        } else {
            Self::Fqn
        }
    }
}

/// The candidate that is most like the text, when one is like enough to be meant.
pub(super) fn nearest(text: &str, candidates: &[&'static str]) -> Option<&'static str> {
    let lower = text.to_lowercase();
    candidates
        .iter()
        .map(|&candidate| (strsim::damerau_levenshtein(&lower, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= 2.max(candidate.len() / 3) && distance < candidate.len())
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_name_reads_back() {
        for method in Method::ALL {
            assert_eq!(Method::from_name(method.name()), Some(method));
        }
    }

    #[rstest]
    #[case("tags", Some("tag"))]
    #[case("resourcetype", Some("resource_type"))]
    #[case("Exposures", Some("exposure"))]
    #[case("modle", None)]
    #[case("zzzzzzzz", None)]
    fn the_nearest_method_is_found(#[case] text: &str, #[case] expected: Option<&str>) {
        let names = Method::ALL.map(Method::name);
        assert_eq!(nearest(text, &names), expected);
    }

    #[rstest]
    #[case("fct_orders", Method::Fqn)]
    #[case("models/marts", Method::Path)]
    #[case("fct_orders.SQL", Method::File)]
    #[case("schema.yml", Method::Fqn)]
    fn bare_words_have_a_method(#[case] word: &str, #[case] expected: Method) {
        assert_eq!(Method::of_bare_word(word), expected);
    }
}
