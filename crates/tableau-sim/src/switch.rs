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
    /// Pages nested below the root are cut without the warning.
    pub nested_page_cut_is_silent: bool,

    // ---- REST ----
    /// The largest `pageSize`; more is refused with 403014.
    pub page_size_max: u32,
    /// Extract refreshes an hour and site; beyond, 429000.
    pub refreshes_per_hour: Option<u32>,
    /// The next so many calls of any kind but sign-in are throttled with 429000.
    pub throttled_times: u32,
    /// `Retry-After` seconds on 429 answers; no such header when absent.
    pub retry_after_seconds: Option<u32>,
    /// The next so many calls end in a server error of `server_error_status`.
    pub server_error_times: u32,
    /// The status of those server errors: 500 with Tableau's error body, 502 to 504 with HTML.
    pub server_error_status: u16,
    /// Lists give their rows in another order on each call that does not sort.
    pub unstable_order: bool,

    // ---- the host ----
    /// Milliseconds every answer waits.
    pub delay_milliseconds: u64,
    /// The next so many connections are cut in the middle of the answer.
    pub cut_answer_times: u32,
    /// Every path answers an HTML page with status 200, as a host that is not Tableau does.
    pub not_tableau: bool,
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
            nested_page_cut_is_silent: false,
            page_size_max: 1_000,
            refreshes_per_hour: None,
            throttled_times: 0,
            retry_after_seconds: None,
            server_error_times: 0,
            server_error_status: 500,
            unstable_order: false,
            delay_milliseconds: 0,
            cut_answer_times: 0,
            not_tableau: false,
            rest_version: None,
        }
    }
}
