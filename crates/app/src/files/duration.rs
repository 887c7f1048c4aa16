//! How long a recording is, and whether it is one to hear or to see, as its container tells. Nothing is decoded.
//!
//! What a browser records on the fly (webm, fragmented mp4) has no length in its head: then the packets are walked to
//! the last one. Reading is metered, so that no file makes more work than its size warrants.

use super::content::Container;
use bytes::Bytes;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
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
    found.seconds = seconds.filter(|s| *s > 0.0).map(|s| (s * 1_000.0).round() / 1_000.0);
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
            Ok(None) | Err(Error::IoError(_)) => return first.is_finite().then(|| last - first),
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
