//! The control address `/-/sim/…`: switches, clock, sites, request log, sessions. It belongs to the simulator, not to
//! Tableau, and needs no sign-in.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::ClockMode;
use crate::site_file::SiteFile;
use crate::switch::Switches;
use crate::world::World;

/// How the clock is to be changed; members apply in this order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    mode: Option<ClockMode>,
    now: Option<DateTime<Utc>>,
    advance_seconds: Option<i64>,
}

/// Answers a call with a status and a JSON body.
pub(crate) fn answer(world: &World, method: &str, path: &str, body: &[u8]) -> (u16, String) {
    let result = match (method, path) {
        ("GET", "/-/sim/switches") => Ok(json!(world.switches())),
        ("PUT", "/-/sim/switches") => serde_json::from_slice(body)
            .map_err(|error| error.to_string())
            .and_then(|change| world.update_switches(|switches| switches.merge(&change)))
            .map(|()| json!(world.switches())),
        ("DELETE", "/-/sim/switches") => {
            world.update_switches(|switches| *switches = Switches::default());
            Ok(json!(world.switches()))
        }
        ("PUT", "/-/sim/sites") => String::from_utf8(body.to_vec())
            .map_err(|error| error.to_string())
            .and_then(|text| SiteFile::from_toml(&text).map_err(|error| error.to_string()))
            .and_then(|file| world.replace_sites(&file).map_err(|error| error.to_string()))
            .map(|()| json!({"sites": world.state().sites.len()})),
        ("GET", "/-/sim/clock") => Ok(clock(world)),
        ("PUT", "/-/sim/clock") => serde_json::from_slice(body)
            .map_err(|error| error.to_string())
            .map(|change| {
                change_clock(world, &change);
                clock(world)
            }),
        ("GET", "/-/sim/requests") => Ok(json!(world.log.entries())),
        ("DELETE", "/-/sim/requests") => {
            world.log.clear();
            Ok(json!([]))
        }
        ("GET", "/-/sim/sessions") => Ok(json!({"count": world.state().sessions.count()})),
        ("DELETE", "/-/sim/sessions") => {
            world.state().sessions.close_all();
            Ok(json!({"count": 0}))
        }
        _ => {
            return (
                404,
                json!({"error": format!("no control address {method} {path}")}).to_string(),
            );
        }
    };
    match result {
        Ok(value) => (200, value.to_string()),
        Err(reason) => (400, json!({"error": reason}).to_string()),
    }
}

fn clock(world: &World) -> Value {
    json!({"mode": world.clock.mode(), "now": world.clock.now()})
}

fn change_clock(world: &World, change: &ClockChange) {
    if let Some(mode) = change.mode {
        world.clock.set_mode(mode);
    }
    if let Some(now) = change.now {
        world.clock.set(now);
    }
    if let Some(seconds) = change.advance_seconds {
        world
            .clock
            .advance(TimeDelta::try_seconds(seconds).unwrap_or_default());
    }
}
