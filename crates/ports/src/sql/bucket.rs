//! Where a row would live if the schema were spread over several servers.

use base::Id;

/// Number of buckets. Fixed for ever: it is stored in rows.
pub const BUCKETS: i64 = 4096;

/// The bucket of a distribution key: the author's id for what a member owns, the couple's id for what only a couple
/// has. Stored beside the key; the same id gives the same bucket in every release.
///
/// Both halves of the UUID go through the finaliser of `MurmurHash3` (A. Appleby, public domain), so that ids made in
/// one millisecond, or by a generator with poor low bits, still spread evenly.
pub fn bucket<K>(id: &Id<K>) -> i64 {
    let value = u128::from_be_bytes(*id.bytes());
    let high = u64::try_from(value >> 64).unwrap_or(0);
    let low = u64::try_from(value & u128::from(u64::MAX)).unwrap_or(0);
    // The top 12 bits of the mix.
    i64::try_from(mix(high ^ mix(low)) >> 52).unwrap_or(0)
}

fn mix(mut n: u64) -> u64 {
    n ^= n >> 33;
    n = n.wrapping_mul(0xff51_afd7_ed55_8ccd);
    n ^= n >> 33;
    n = n.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    n ^ (n >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::MemberId;

    const MOMENT: u128 = 0x0193_57a0_0000_7000_8000_0000_0000_0000;

    fn of(id: u128) -> i64 {
        bucket(&MemberId::from_bytes(id.to_be_bytes()))
    }

    #[test]
    fn buckets_never_move() {
        assert_eq!([0, 1, MOMENT, u128::MAX].map(of), [0, 2006, 221, 952]);
    }

    #[test]
    fn ids_of_one_moment_spread_evenly() {
        let mut filled = [0_u32; 4096];
        for n in 0..409_600 {
            filled[usize::try_from(of(MOMENT + n)).unwrap()] += 1;
        }
        // 100 on average with a deviation of 10: six deviations either way.
        let (least, most) = (filled.iter().min().unwrap(), filled.iter().max().unwrap());
        assert!(*least >= 40 && *most <= 160, "{least} to {most}");
    }
}
