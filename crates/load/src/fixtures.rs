//! Members, couples and notes made through the interface, on several connections at once.

use crate::{
    Error, Result,
    api::{Caller, Member, created_id, requests, settings::Setting},
    runner::{self, Length, Script},
    scripts::Each,
};
use futures_util::future::try_join_all;
use std::{net::SocketAddr, ops::Range, path::Path, time::Duration};

/// Connections that make fixtures.
const LANES: usize = 16;
/// Programs that run at once beside the server.
const COMMANDS: usize = 4;
/// No seeding takes longer.
const PATIENCE: Duration = Duration::from_mins(30);

#[derive(Debug, Clone)]
pub struct Couple {
    pub one: Member,
    pub other: Member,
}

/// Registers the members with these numbers.
pub async fn members(addr: SocketAddr, numbers: Range<usize>) -> Result<Vec<Member>> {
    in_lanes(addr, LANES, numbers, async |caller, number| {
        caller.register(&format!("Member {number}"), &email(number)).await
    })
    .await
}

/// Registers and links two members for each of these numbers.
pub async fn couples(addr: SocketAddr, numbers: Range<usize>) -> Result<Vec<Couple>> {
    in_lanes(addr, LANES, numbers, async |caller, number| {
        let one = caller.register("One", &format!("one-{number}@example.com")).await?;
        let other = caller.register("Other", &format!("other-{number}@example.com")).await?;
        let code = caller.invite(one.token(), &other.email).await?;
        caller.join(other.token(), &code).await?;
        Ok(Couple { one, other })
    })
    .await
}

/// A couple whose two addresses are verified through the links of their mails.
pub async fn verified_couple(addr: SocketAddr, number: usize) -> Result<Couple> {
    let couple = couples(addr, number..number + 1).await?.remove(0);
    let mut caller = Caller::new(addr);
    for member in [&couple.one, &couple.other] {
        caller.verify_email(&member.email).await?;
    }
    Ok(couple)
}

/// Gives both members of each couple the largest plan.
pub async fn grant_exclusive(data: &Path, settings: &[Setting], couples: &[Couple]) -> Result<()> {
    let emails: Vec<&str> = couples.iter().flat_map(|c| [c.one.email.as_str(), c.other.email.as_str()]).collect();
    try_join_all((0..COMMANDS).map(|lane| {
        let emails = emails.iter().skip(lane).step_by(COMMANDS);
        async move {
            for email in emails {
                crate::api::commands::grant_exclusive(data, settings, email).await?;
            }
            Ok::<_, Error>(())
        }
    }))
    .await
    .map(drop)
}

/// Sends `count` notes from one to the other; their ids.
pub async fn notes(addr: SocketAddr, couple: &Couple, count: usize) -> Result<Vec<String>> {
    let token = couple.one.session.access_token.clone();
    let make = move |index| requests::send_note(&token, &format!("Note {index}: {TEXT}"));
    all(addr, Each::scripts(count, LANES.min(count), &make, &created_id), count).await
}

/// Two sentences, as long as a note usually is.
pub const TEXT: &str = "I saw the first swallows over the river this morning and wished that you had been there \
                        to see them with me. Come home early today, I have found a bottle of the wine you like.";

/// Runs scripts to their end and gives back what they kept: one value per request, or an error.
pub async fn all<M, K, T>(addr: SocketAddr, scripts: Vec<Each<M, K, T>>, count: usize) -> Result<Vec<T>>
where
    Each<M, K, T>: Script,
{
    let (_, scripts) = runner::run(addr, Length { warm_up: Duration::ZERO, measured: PATIENCE }, scripts).await?;
    let mut kept = Vec::with_capacity(count);
    for script in scripts {
        if let Some(refused) = script.refused.first() {
            return Err(Error::Program(format!("a fixture was refused: {refused}")));
        }
        kept.extend(script.kept);
    }
    if kept.len() == count { Ok(kept) } else { Err(Error::Program(format!("{} fixtures of {count}", kept.len()))) }
}

fn email(number: usize) -> String {
    format!("member-{number}@example.com")
}

/// Does `work` for each number, on `lanes` connections; results in the order of the numbers.
pub async fn in_lanes<T>(
    addr: SocketAddr,
    lanes: usize,
    numbers: Range<usize>,
    work: impl AsyncFn(&mut Caller, usize) -> Result<T>,
) -> Result<Vec<T>> {
    let work = &work;
    let done = try_join_all((0..lanes).map(|lane| {
        let numbers = numbers.clone().skip(lane).step_by(lanes);
        async move {
            let mut caller = Caller::new(addr);
            let mut done = Vec::new();
            for number in numbers {
                done.push((number, work(&mut caller, number).await?));
            }
            Ok::<_, Error>(done)
        }
    }))
    .await?;
    let mut done: Vec<(usize, T)> = done.into_iter().flatten().collect();
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, value)| value).collect())
}
