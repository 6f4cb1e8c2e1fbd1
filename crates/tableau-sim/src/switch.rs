//! Switches: how the simulated server misbehaves, or behaves like another version of itself.
//!
//! This is the one home of every switch. They are set in the `[switches]` table of the site file, by
//! `tailwater-tableau-sim --switch NAME=VALUE`, by [`crate::Running::set_switches`] in tests, and over HTTP
//! with `GET` and `PUT /-/sim/switches` while the server runs. A `PUT` changes the switches it names and
//! leaves the others. Switches that count down (`…_times`) do so as they strike.

use serde::{Deserialize, Serialize};

/// The state of all switches. The default is a server that does everything right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Switches {
    // ---- Metadata API ----
    /// Nodes one GraphQL answer may hold; what is beyond is cut and NODE_LIMIT_EXCEEDED added.
    pub node_limit: u64,
    /// A list cut by the node limit also nulls out the first object that was cut, with an error classified
    /// `NullValueInNonNullableField`.
    pub node_limit_nulls_out: bool,
    /// The next so many queries are refused with RATE_EXCEEDED.
    pub rate_exceeded_times: u32,
    /// Every answer carries BACKFILL_RUNNING, and the backfill status says so.
    pub backfill_running: bool,
    /// The share of workbooks the Metadata API knows while a backfill runs, in percent.
    pub backfill_percent: u8,
    /// Queries that ask for pages larger than this fail with TIME_LIMIT_EXCEEDED.
    pub time_limit_page: Option<u32>,
    /// The next so many queries get the JSON 401 of the Metadata API although the token is valid.
    pub sporadic_unauthorized_times: u32,
    /// The next so many queries get "Unexpected error occurred".
    pub unexpected_error_times: u32,
    /// The Metadata API is off.
    pub metadata: MetadataAvailability,
    /// Answers to queries that filter on a sensitive attribute carry PERMISSIONS_MODE_SWITCHED.
    pub permissions_mode_switched: bool,
    /// Seconds after which the Metadata API sees a change made over REST.
    pub index_lag_seconds: u32,
    /// `idWithin` lists of this length or more get an empty body with status 200.
    pub empty_body_from_ids: Option<u32>,
    /// The largest page of a Connection; more is cut, with MAX_PAGE_SIZE_EXCEEDED.
    pub metadata_page_size_max: u32,
    /// Members of the schema this server does not know, such as `Workbook.projectLuid`.
    pub unknown_fields: Vec<String>,
    /// Pages nested below the root are cut without the warning.
    pub nested_page_cut_is_silent: bool,
    /// What goes wrong where pages of the Metadata API are followed by their cursors.
    pub cursor: CursorFault,

    // ---- REST ----
    /// The largest `pageSize`; more is refused with 403014.
    pub page_size_max: u32,
    /// Extract refreshes an hour and site; beyond, 429000.
    pub refreshes_per_hour: Option<u32>,
    /// The next so many calls of any kind but sign-in are throttled with 429000.
    pub throttled_times: u32,
    /// `Retry-After` seconds on 429 answers; no such header when absent.
    pub retry_after_seconds: Option<u32>,
    /// The minutes to wait that the text of such a 429 names.
    pub throttled_minutes: u32,
    /// The next so many calls end in a server error of `server_error_status`.
    pub server_error_times: u32,
    /// The status of those server errors: 500 with Tableau's error body, 502 to 504 with HTML.
    pub server_error_status: u16,
    /// Lists give their rows in another order on each call that does not sort.
    pub unstable_order: bool,
    /// The page of every list that holds the rows of the page before it once more.
    pub repeated_page: Option<u32>,
    /// The page of every list that holds no rows, although the list goes on.
    pub missing_page: Option<u32>,
    /// By how much the total that pages tell differs from the first page's, on all others.
    pub total_drift: i32,

    /// The next so many refreshes are accepted, but their answer breaks off before it says so.
    pub refresh_answer_lost_times: u32,
    /// The next so many refreshes are accepted, but answered with `server_error_status`.
    pub refresh_error_after_times: u32,
    /// Milliseconds that the answer to a refresh waits after it was accepted.
    pub refresh_delay_milliseconds: u64,
    /// Before each of the next so many refreshes all sessions end, as another sign-in with the token does.
    pub session_stolen_times: u32,
    /// The same before each of the next so many calls of any kind that come with a session.
    pub session_lost_times: u32,
    /// Refreshes on demand are off for every site: 409082.
    pub run_now_disabled: bool,
    /// Seconds until a new job is seen in the list of jobs.
    pub job_list_lag_seconds: u32,
    /// Jobs are hidden from everybody, as they are from those who do not administer the site: 403004.
    pub jobs_hidden: bool,
    /// Where webhooks are delivered, whatever their destination: `http://127.0.0.1:PORT`, to which the destination's path is
    /// added. Nowhere when absent.
    pub webhooks_to: Option<String>,
    /// How often each event is delivered to a webhook, with the same body.
    pub webhook_copies: u32,

    // ---- the host ----
    /// Text that a request must hold for the switches from here to `not_tableau`, and for `throttled_times`,
    /// `server_error_times` and `session_lost_times`, to strike it: a part of its path and query string, or of a
    /// query to the Metadata API. Every request when absent.
    pub faults_on: Option<String>,
    /// Milliseconds every answer waits.
    pub delay_milliseconds: u64,
    /// The next so many answers end in the middle, with a goodbye.
    pub cut_answer_times: u32,
    /// The next so many answers end in the middle, by a reset of the connection.
    pub reset_answer_times: u32,
    /// Milliseconds before each byte of every answer.
    pub drip_milliseconds: u64,
    /// The next so many answers go on with blanks for as long as anybody takes them.
    pub endless_answer_times: u32,
    /// Where every call is pointed to: an address, to which its path is added, or a path of this host, such as
    /// `/moved`, below which the call is answered.
    pub redirect_to: Option<String>,
    /// The status of those answers.
    pub redirect_status: u16,
    /// Every path answers an HTML page with `not_tableau_status`, as a host that is not Tableau does.
    pub not_tableau: bool,
    /// The status of that page.
    pub not_tableau_status: u16,
    /// Connections are refused, as where nothing listens. The control address at a port of its own stays.
    pub connection_refused: bool,
    /// Seconds by which the server's clock is ahead, or behind when negative: `Date`, sessions, jobs, and the dates of
    /// changes.
    pub clock_skew_seconds: i64,
    /// The REST version the server claims, in place of the site file's. Schema fields younger than it are
    /// unknown to the Metadata API.
    pub rest_version: Option<String>,
}

/// Whether and how the Metadata API answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetadataAvailability {
    /// It answers.
    #[default]
    On,
    /// Error FEATURE_DISABLED with status 200.
    FeatureDisabled,
    /// Error SITE_DISABLED with status 200.
    SiteDisabled,
    /// An HTML page with status 404.
    NotFound,
    /// 403004 in Tableau's words, with status 403.
    Forbidden,
    /// 401002 in Tableau's words, whatever the session.
    Unauthorized,
    /// The Metadata API's own 401, whatever the session.
    Unauthenticated,
}

/// What goes wrong where pages are followed by their cursors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CursorFault {
    /// Nothing.
    #[default]
    None,
    /// Every page after the first holds the rows of the one before it once more; its cursor is right.
    PageRepeated,
    /// The page after each cursor is left out: the next but one comes.
    PageLeftOut,
    /// The cursor after the second page is the one that led to it.
    StandsStill,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            node_limit: 20_000,
            node_limit_nulls_out: false,
            rate_exceeded_times: 0,
            backfill_running: false,
            backfill_percent: 100,
            time_limit_page: None,
            sporadic_unauthorized_times: 0,
            unexpected_error_times: 0,
            metadata: MetadataAvailability::On,
            permissions_mode_switched: false,
            index_lag_seconds: 0,
            empty_body_from_ids: None,
            metadata_page_size_max: 1_000,
            unknown_fields: Vec::new(),
            nested_page_cut_is_silent: false,
            cursor: CursorFault::None,
            page_size_max: 1_000,
            refreshes_per_hour: None,
            throttled_times: 0,
            retry_after_seconds: None,
            throttled_minutes: 1,
            server_error_times: 0,
            server_error_status: 500,
            unstable_order: false,
            repeated_page: None,
            missing_page: None,
            total_drift: 0,
            refresh_answer_lost_times: 0,
            refresh_error_after_times: 0,
            refresh_delay_milliseconds: 0,
            session_stolen_times: 0,
            session_lost_times: 0,
            run_now_disabled: false,
            job_list_lag_seconds: 0,
            jobs_hidden: false,
            webhooks_to: None,
            webhook_copies: 1,
            faults_on: None,
            delay_milliseconds: 0,
            cut_answer_times: 0,
            reset_answer_times: 0,
            drip_milliseconds: 0,
            endless_answer_times: 0,
            redirect_to: None,
            redirect_status: 302,
            not_tableau: false,
            not_tableau_status: 200,
            connection_refused: false,
            clock_skew_seconds: 0,
            rest_version: None,
        }
    }
}

impl Switches {
    /// Changes the switches that a JSON object names, and leaves the others.
    ///
    /// # Errors
    /// Which name or value is wrong; then nothing changes.
    pub fn merge(&mut self, change: &serde_json::Value) -> Result<(), String> {
        let Some(change) = change.as_object() else {
            return Err("switches are an object of names and values".to_owned());
        };
        let mut whole = serde_json::to_value(&*self).map_err(|error| error.to_string())?;
        if let Some(members) = whole.as_object_mut() {
            for (name, value) in change {
                members.insert(name.clone(), value.clone());
            }
        }
        *self = serde_json::from_value(whole).map_err(|error| error.to_string())?;
        Ok(())
    }

    /// Sets one switch from `NAME=VALUE`; the value is JSON, or text when it is not.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn set(&mut self, assignment: &str) -> Result<(), String> {
        let (name, value) = assignment
            .split_once('=')
            .ok_or("a switch is set as NAME=VALUE")?;
        let parsed = serde_json::from_str(value).unwrap_or_else(|_| serde_json::Value::from(value));
        let mut change = serde_json::Map::new();
        change.insert(name.to_owned(), parsed);
        let change = serde_json::Value::Object(change);
        // A version such as 3.15 reads as a number but is meant as text.
        self.merge(&change).or_else(|reason| {
            let text = serde_json::json!({ name: value });
            self.merge(&text).map_err(|_| reason)
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merging_changes_what_is_named_alone() {
        let mut switches = Switches {
            node_limit: 5,
            ..Switches::default()
        };
        switches
            .merge(&json!({"rate_exceeded_times": 2, "metadata": "not-found"}))
            .unwrap();
        assert_eq!((switches.node_limit, switches.rate_exceeded_times), (5, 2));
        assert_eq!(switches.metadata, MetadataAvailability::NotFound);
    }

    #[test]
    fn unknown_names_and_bad_values_change_nothing() {
        let mut switches = Switches::default();
        assert!(
            switches
                .merge(&json!({"node_limt": 1}))
                .unwrap_err()
                .contains("node_limt")
        );
        assert!(switches.merge(&json!({"node_limit": "many"})).is_err());
        assert_eq!(switches, Switches::default());
    }

    #[test]
    fn assignments_read_numbers_flags_and_text() {
        let mut switches = Switches::default();
        for assignment in [
            "node_limit=7",
            "backfill_running=true",
            "rest_version=3.15",
            "metadata=feature-disabled",
        ] {
            switches.set(assignment).unwrap();
        }
        assert_eq!((switches.node_limit, switches.backfill_running), (7, true));
        assert_eq!(switches.rest_version.as_deref(), Some("3.15"));
        assert!(switches.set("node_limit").is_err());
    }

    #[test]
    fn every_switch_is_in_the_manual() {
        let manual = include_str!("../../../docs/tableau-simulator.md");
        let names = serde_json::to_value(Switches::default()).unwrap();
        for name in names.as_object().unwrap().keys() {
            assert!(manual.contains(&format!("`{name}`")), "{name}");
        }
    }
}
