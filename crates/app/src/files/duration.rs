//! How long a recording is, and whether it is one to hear or to see, as its container tells. Nothing is decoded.
//!
//! What a browser records on the fly (webm, fragmented mp4) has no length in its head: then the packets are walked to
//! the last one. Reading is metered, so that no file makes more work than its size warrants.

use super::content::Container;
use bytes::Bytes;
use std::{
    io::{self, Cursor, Read, Seek, SeekFrom},
    panic::{AssertUnwindSafe, catch_unwind},
};
use symphonia::{
    core::{
        codecs::CodecParameters,
        errors::Error,
        formats::{FormatOptions, FormatReader, Track},
        io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions},
        units::{Time, TimeBase, Timestamp},
    },
    default::formats::{IsoMp4Reader, MkvReader, OggReader},
};

/// Packets of a recording at most: ten minutes of the shortest that are in use, several times.
const PACKETS: usize = 1_000_000;
/// How many times its size a file may be read.
const READINGS: u64 = 4;

/// What a container tells.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Recording {
    pub heard: bool,
    pub seen: bool,
    /// Whole milliseconds, as seconds.
    pub seconds: Option<f64>,
}

/// None when it cannot be read as what it begins as.
pub(super) fn probe(bytes: &Bytes, container: Container) -> Option<Recording> {
    // The readers do sums with numbers of the file; one that goes wrong ends this file's probe and nothing else.
    catch_unwind(AssertUnwindSafe(|| read(bytes, container))).ok().flatten()
}

fn read(bytes: &Bytes, container: Container) -> Option<Recording> {
    let source = Metered::new(bytes.clone());
    let stream = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
    let options = FormatOptions::default();
    let mut reader: Box<dyn FormatReader> = match container {
        Container::Ogg => Box::new(OggReader::try_new(stream, options).ok()?),
        Container::Matroska => Box::new(MkvReader::try_new(stream, options).ok()?),
        Container::Mp4 => Box::new(IsoMp4Reader::try_new(stream, options).ok()?),
    };
    let mut found = Recording::default();
    for track in reader.tracks() {
        match track.codec_params {
            Some(CodecParameters::Audio(_)) => found.heard = true,
            Some(CodecParameters::Subtitle(_)) => {}
            // What is not known is not heard.
            _ => found.seen = true,
        }
    }
    let told = reader.tracks().iter().filter_map(told).fold(0.0, f64::max);
    let seconds = if told > 0.0 { Some(told) } else { walked(&mut *reader) };
    found.seconds = seconds.map(|s| (s * 1_000.0).round() / 1_000.0).filter(|s| *s > 0.0);
    Some(found)
}

fn told(track: &Track) -> Option<f64> {
    Some(seconds(track.time_base?.calc_duration(track.duration?)?))
}

fn seconds(time: Time) -> f64 {
    time.as_secs_f64()
}

/// From the first packet to the end of the last one; one that does not tell how long it is, is taken to be as long as
/// the one before. None when there are too many, or they cannot be read.
fn walked(reader: &mut dyn FormatReader) -> Option<f64> {
    let bases: Vec<(u32, TimeBase)> = reader.tracks().iter().filter_map(|t| Some((t.id, t.time_base?))).collect();
    let (mut first, mut last) = (f64::INFINITY, 0.0_f64);
    let mut before = Timestamp::ZERO;
    for _ in 0..PACKETS {
        let packet = match reader.next_packet() {
            Ok(Some(packet)) => packet,
            // A recording that was cut off lasts as long as what there is of it.
            Ok(None) | Err(Error::IoError(_)) => return first.is_finite().then_some(last - first),
            Err(_) => return None,
        };
        let Some((_, base)) = bases.iter().find(|(id, _)| *id == packet.track_id) else { continue };
        let step = match packet.dur.get() {
            0 => packet.pts.get().checked_sub(before.get())?.max(0),
            length => i64::try_from(length).ok()?,
        };
        before = packet.pts;
        let end = packet.pts.get().checked_add(step)?;
        first = first.min(seconds(base.calc_time(packet.pts)?));
        last = last.max(seconds(base.calc_time(Timestamp::new(end))?));
    }
    None
}

/// Bytes in memory that may be read a few times over, and not endlessly.
struct Metered {
    bytes: Cursor<Bytes>,
    left: u64,
}

impl Metered {
    fn new(bytes: Bytes) -> Self {
        let size = bytes.len() as u64;
        Self { bytes: Cursor::new(bytes), left: (size + 64 * 1024).saturating_mul(READINGS) }
    }

    fn spend(&mut self, bytes: u64) -> io::Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| io::Error::other("read too often"))?;
        Ok(())
    }
}

impl Read for Metered {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(into)?;
        self.spend(read as u64)?;
        Ok(read)
    }
}

impl Seek for Metered {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.spend(1)?;
        self.bytes.seek(to)
    }
}

impl MediaSource for Metered {
    fn is_seekable(&self) -> bool {
        true
    }
    fn byte_len(&self) -> Option<u64> {
        Some(self.bytes.get_ref().len() as u64)
    }
}

#[cfg(test)]
#[path = "../../tests/it/recordings.rs"]
mod recordings;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn samples() -> Vec<(Container, Vec<u8>)> {
        vec![
            (Container::Ogg, recordings::ogg(600)),
            (Container::Matroska, recordings::webm(600, None, false)),
            (Container::Matroska, recordings::webm(600, Some(600), true)),
            (Container::Mp4, recordings::mp4(600, false)),
            (Container::Mp4, recordings::mp4(600, true)),
            (Container::Mp4, recordings::fragmented(600)),
        ]
    }

    #[test]
    fn containers_tell_what_they_hold() {
        for (container, bytes) in samples() {
            let found = probe(&bytes.into(), container).unwrap();
            assert!(found.heard != found.seen, "{container:?}: {found:?}");
            let seconds = found.seconds.unwrap();
            assert!((seconds - 0.6).abs() < 0.03, "{container:?}: {seconds}");
        }
    }

    /// A table of more samples than anybody could read is not walked to its end.
    #[test]
    fn a_small_file_makes_little_work() {
        let mut bytes = recordings::mp4(600, false);
        let at = bytes.windows(4).position(|w| w == b"stsz").unwrap();
        // Four billion samples without bytes, and no length in the heads.
        bytes[at + 8..at + 16].copy_from_slice(&[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]);
        for name in [b"mdhd", b"mvhd"] {
            let at = bytes.windows(4).position(|w| w == name).unwrap();
            bytes[at + 20..at + 24].fill(0);
        }
        let _ = probe(&bytes.into(), Container::Mp4);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_500, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_panic(
            sample in prop::sample::select(samples()), cut in any::<prop::sample::Index>(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        ) {
            let (container, mut bytes) = sample;
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(cut.index(2 * bytes.len()).min(bytes.len()));
            if let Some(found) = probe(&bytes.into(), container) {
                prop_assert!(found.seconds.is_none_or(|s| s > 0.0 && s.is_finite()));
            }
        }

        #[test]
        fn no_noise_panics(noise in prop::collection::vec(any::<u8>(), 0..400)) {
            for container in [Container::Ogg, Container::Matroska, Container::Mp4] {
                let _ = probe(&noise.clone().into(), container);
            }
        }
    }
}
