//! Recordings as browsers and telephones make them, in as few bytes as a container can have: heads and packets are
//! real, what they carry is silence.

/// Opus packets of 20 ms of silence.
const PACKET: &[u8] = &[0xf8, 0xff, 0xfe];
const FRAME_MS: u32 = 20;

/// The head of an Opus stream: one channel, 48 kHz, nothing skipped.
fn opus_head() -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01\0\0".to_vec();
    head.extend(48_000_u32.to_le_bytes());
    head.extend([0, 0, 0]);
    head
}

/// A page of an Ogg stream; each packet shorter than 255 bytes.
fn page(kind: u8, granule: u64, sequence: u32, packets: &[Vec<u8>]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(kind);
    page.extend(granule.to_le_bytes());
    page.extend(7_u32.to_le_bytes());
    page.extend(sequence.to_le_bytes());
    page.extend([0; 4]);
    page.push(u8::try_from(packets.len()).unwrap());
    page.extend(packets.iter().map(|p| u8::try_from(p.len()).unwrap()));
    page.extend(packets.concat());
    let checksum = page.iter().fold(0_u32, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 24), |c, _| if c >> 31 == 1 { (c << 1) ^ 0x04c1_1db7 } else { c << 1 })
    });
    page[22..26].copy_from_slice(&checksum.to_le_bytes());
    page
}

/// A voice note as Firefox records it.
pub fn ogg(ms: u32) -> Vec<u8> {
    let tags = b"OpusTags\x01\0\0\0x\0\0\0\0".to_vec();
    let mut bytes = [page(2, 0, 0, &[opus_head()]), page(0, 0, 1, &[tags])].concat();
    // A page has up to 255 packets.
    let (mut left, mut granule, mut sequence) = (ms / FRAME_MS, 0, 2);
    while left > 0 {
        let packets = left.min(250);
        left -= packets;
        granule += u64::from(packets * FRAME_MS * 48);
        let kind = if left == 0 { 4 } else { 0 };
        bytes.extend(page(kind, granule, sequence, &vec![PACKET.to_vec(); packets as usize]));
        sequence += 1;
    }
    bytes
}

/// An element of EBML.
fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    let size = (u64::try_from(body.len()).unwrap() | 1 << 56).to_be_bytes();
    [id, &size, body].concat()
}

/// An element of Matroska that goes on to the end of its parent.
fn open(id: &[u8], body: &[u8]) -> Vec<u8> {
    [id, &[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], body].concat()
}

/// A recording as Chrome makes it; the head tells its length only when it is said.
pub fn webm(ms: u32, told_ms: Option<u32>, video: bool) -> Vec<u8> {
    let head = [
        element(b"\x42\x86", &[1]),
        element(b"\x42\xf7", &[1]),
        element(b"\x42\xf2", &[4]),
        element(b"\x42\xf3", &[8]),
        [&b"\x42\x82\x84"[..], b"webm"].concat(),
        element(b"\x42\x87", &[4]),
        element(b"\x42\x85", &[2]),
    ];
    let mut info = [element(b"\x2a\xd7\xb1", &1_000_000_u32.to_be_bytes()), element(b"\x4d\x80", b"x")].concat();
    info.extend(element(b"\x57\x41", b"x"));
    if let Some(told) = told_ms {
        info.extend(element(b"\x44\x89", &f64::from(told).to_be_bytes()));
    }
    let what = if video {
        let picture = [element(b"\xb0", &[16]), element(b"\xba", &[16])].concat();
        [element(b"\x83", &[1]), element(b"\x86", b"V_VP8"), element(b"\xe0", &picture)].concat()
    } else {
        let sound = [element(b"\xb5", &48_000_f64.to_be_bytes()), element(b"\x9f", &[1])].concat();
        let codec = [element(b"\x86", b"A_OPUS"), element(b"\x63\xa2", &opus_head())].concat();
        [element(b"\x83", &[2]), codec, element(b"\xe1", &sound)].concat()
    };
    let track = element(b"\xae", &[element(b"\xd7", &[1]), element(b"\x73\xc5", &[9]), what].concat());
    let mut segment = [element(b"\x15\x49\xa9\x66", &info), element(b"\x16\x54\xae\x6b", &track)].concat();
    // A cluster of ten seconds, and the rest.
    for begin in (0..ms).step_by(10_000) {
        let mut cluster = element(b"\xe7", &begin.to_be_bytes());
        for at in (begin..ms.min(begin + 10_000)).step_by(FRAME_MS as usize) {
            let offset = i16::try_from(at - begin).unwrap().to_be_bytes();
            cluster.extend(element(b"\xa3", &[&[0x81][..], &offset, &[0x80], PACKET].concat()));
        }
        segment.extend(element(b"\x1f\x43\xb6\x75", &cluster));
    }
    [element(b"\x1a\x45\xdf\xa3", &head.concat()), open(b"\x18\x53\x80\x67", &segment)].concat()
}

/// A box of ISO base media.
fn atom(name: [u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&u32::try_from(body.len() + 8).unwrap().to_be_bytes()[..], &name, &body].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// The description of a movie with one track of `samples` samples, each 20 ms; the length in the heads is in ms.
fn movie(told_ms: u32, samples: u32, video: bool, more: &[u8]) -> Vec<u8> {
    let mvhd =
        [words(&[0, 0, 0, 1_000, told_ms, 0x1_0000, 0x100_0000, 0, 0]), words(&MATRIX), words(&[0; 6]), words(&[2])];
    let tkhd = [words(&[7, 0, 0, 1, 0, told_ms, 0, 0, 0, 0x100_0000]), words(&MATRIX), words(&[16 << 16, 16 << 16])];
    let mdhd = words(&[0, 0, 0, 48_000, told_ms * 48, 0x55c4_0000]);
    let hdlr = [words(&[0, 0]), if video { b"vide".to_vec() } else { b"soun".to_vec() }, words(&[0; 3]), vec![0]];
    let entry = if video {
        let mut body = words(&[0, 1, 0, 0, 0, 0, 16 << 16 | 16, 0x48_0000, 0x48_0000, 0, 1 << 16]);
        body.extend([0; 30]);
        body.extend(words(&[0x18_ffff]));
        atom(*b"mp4v", &[&body])
    } else {
        let dops = [&[0, 1, 0, 0][..], &48_000_u32.to_be_bytes(), &[0, 0, 0]].concat();
        atom(*b"Opus", &[&words(&[0, 1, 0, 0, 1 << 16 | 16, 0, 48_000 << 16]), &atom(*b"dOps", &[&dops])])
    };
    let packet = u32::try_from(PACKET.len()).unwrap();
    let table = [
        atom(*b"stsd", &[&words(&[0, 1]), &entry]),
        atom(*b"stts", &[&if samples == 0 { words(&[0, 0]) } else { words(&[0, 1, samples, FRAME_MS * 48]) }]),
        atom(*b"stsc", &[&if samples == 0 { words(&[0, 0]) } else { words(&[0, 1, 1, samples, 1]) }]),
        atom(*b"stsz", &[&words(&[0, if samples == 0 { 0 } else { packet }, samples])]),
        atom(*b"stco", &[&if samples == 0 { words(&[0, 0]) } else { words(&[0, 1, 32]) }]),
    ];
    let head = if video { atom(*b"vmhd", &[&words(&[1, 0, 0])]) } else { atom(*b"smhd", &[&words(&[0, 0])]) };
    let minf = atom(*b"minf", &[&head, &atom(*b"stbl", &[&table.concat()])]);
    let mdia = atom(*b"mdia", &[&atom(*b"mdhd", &[&mdhd]), &atom(*b"hdlr", &[&hdlr.concat()]), &minf]);
    let trak = atom(*b"trak", &[&atom(*b"tkhd", &[&tkhd.concat()]), &mdia]);
    atom(*b"moov", &[&atom(*b"mvhd", &[&mvhd.concat()]), &trak, more])
}

/// A recording of a telephone: its head, at the end, tells everything.
pub fn mp4(ms: u32, video: bool) -> Vec<u8> {
    let samples = ms / FRAME_MS;
    let ftyp = atom(*b"ftyp", &[b"isom", &words(&[0]), b"isom", b"mp42"]);
    assert_eq!(ftyp.len(), 24);
    let mdat = atom(*b"mdat", &[&PACKET.repeat(samples as usize)]);
    [ftyp, mdat, movie(ms, samples, video, &[])].concat()
}

/// A recording of Safari: pieces of a second each, and a head without a length.
pub fn fragmented(ms: u32) -> Vec<u8> {
    let ftyp = atom(*b"ftyp", &[b"iso5", &words(&[0]), b"iso5", b"mp42"]);
    let trex = atom(*b"trex", &[&words(&[0, 1, 1, FRAME_MS * 48, 3, 0])]);
    let mut bytes = [ftyp, movie(0, 0, false, &atom(*b"mvex", &[&trex]))].concat();
    for (nth, begin) in (0..ms).step_by(1_000).enumerate() {
        let samples = (ms - begin).min(1_000) / FRAME_MS;
        let mfhd = atom(*b"mfhd", &[&words(&[0, u32::try_from(nth).unwrap() + 1])]);
        let tfhd = atom(*b"tfhd", &[&words(&[0x02_0000, 1])]);
        let tfdt = atom(*b"tfdt", &[&words(&[0, begin * 48])]);
        let moof = |offset| {
            let trun = atom(*b"trun", &[&words(&[1, samples, offset])]);
            atom(*b"moof", &[&mfhd, &atom(*b"traf", &[&tfhd, &tfdt, &trun])])
        };
        let length = u32::try_from(moof(0).len()).unwrap();
        bytes.extend(moof(length + 8));
        bytes.extend(atom(*b"mdat", &[&PACKET.repeat(samples as usize)]));
    }
    bytes
}
