//! `o2o-hammer`: the load of the benchmarks for any HTTP server. Reads what to send as JSON from standard input and
//! prints what it saw as JSON, so that a script can measure other servers with the same generator.

use load::{
    Result, process,
    runner::{self, Length},
    scripts::Counted,
    wire::Request,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};

const WARM_UP: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
struct Plan {
    addr: SocketAddr,
    /// The server, whose processor time is read.
    pid: u32,
    seconds: u64,
    /// One connection each, which repeats it. Twelve zeros in a body become a number that counts on.
    requests: Vec<Planned>,
}

#[derive(Deserialize)]
struct Planned {
    method: String,
    path: String,
    bearer: String,
    body: Option<Value>,
}

impl Planned {
    fn request(&self) -> Request {
        let request = Request::new(&self.method, &self.path).bearer(&self.bearer);
        self.body.iter().fold(request, Request::json)
    }
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the figures are the program's answer")]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let plan: Plan = serde_json::from_reader(std::io::stdin())?;
    println!("{}", hammer(&plan).await?);
    Ok(())
}

async fn hammer(plan: &Plan) -> Result<Value> {
    let scripts = plan.requests.iter().map(|planned| Counted::new(&planned.request())).collect();
    let before = process::settled_cpu(plan.pid).await?;
    let length = Length { warm_up: WARM_UP, measured: Duration::from_secs(plan.seconds) };
    let (seen, _) = runner::run(plan.addr, length, scripts).await?;
    let spent = process::settled_cpu(plan.pid).await?.saturating_sub(before);
    let each = u32::try_from(seen.answers).unwrap_or(u32::MAX).max(1);
    Ok(json!({
        "per_second": seen.per_second(),
        "cpu_micros": (spent / each).as_secs_f64() * 1e6,
        "p50_ms": seen.percentile_millis(50),
        "p99_ms": seen.percentile_millis(99),
        "faults": seen.faults(),
    }))
}
