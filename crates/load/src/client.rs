//! One keep-alive connection, one request at a time. Costs the generator a write, a read and a look at the head, since
//! it shares the machine with the server it measures.

use crate::{
    Error, Result,
    wire::{self, Framing},
};
use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Room made before each read.
const READ: usize = 8 * 1024;
/// A larger answer is a fault of the server, not a load.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// Bytes of the answer under way.
    inbox: Vec<u8>,
    /// Body of a chunked answer, joined.
    joined: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Answer<'_> {
    pub fn accepted(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Connection {
    pub async fn open(addr: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, inbox: Vec::with_capacity(READ), joined: Vec::new() })
    }

    /// Sends one formatted request and waits for its whole answer. After an error the connection is of no more use.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.inbox.clear();
        self.stream.write_all(request).await?;
        let head = loop {
            self.read().await?;
            if let Some(head) = wire::head(&self.inbox)? {
                break head;
            }
        };
        let (end, chunked) = match head.framing {
            Framing::Length(length) => {
                let end = head.length + length;
                while self.inbox.len() < end {
                    self.read().await?;
                }
                (end, false)
            }
            Framing::Chunked => loop {
                if let Some(used) = wire::chunked(&self.inbox[head.length..], &mut self.joined)? {
                    break (head.length + used, true);
                }
                self.read().await?;
            },
        };
        if self.inbox.len() > end {
            return Err(Error::Wire("bytes after the answer"));
        }
        let body = if chunked { &self.joined[..] } else { &self.inbox[head.length..end] };
        Ok(Answer { status: head.status, body })
    }

    async fn read(&mut self) -> Result<()> {
        if self.inbox.len() > MAX_ANSWER {
            return Err(Error::Wire("answer too large"));
        }
        self.inbox.reserve(READ);
        match self.stream.read_buf(&mut self.inbox).await? {
            0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
        time::Duration,
    };

    /// Answers each request, whatever it says, with the next of `answers`, in pieces of seven bytes.
    fn dribbling(answers: Vec<&'static str>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for answer in answers {
                let _some = stream.read(&mut [0; 1024]).unwrap();
                for piece in answer.as_bytes().chunks(7) {
                    stream.write_all(piece).unwrap();
                    thread::sleep(Duration::from_millis(1));
                }
            }
        });
        addr
    }

    #[tokio::test]
    async fn answers_in_pieces_are_put_together_and_the_connection_is_kept() {
        let addr = dribbling(vec![
            "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
            "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
        ]);
        let mut connection = Connection::open(addr).await.unwrap();
        let answer = connection.exchange(b"a").await.unwrap();
        assert_eq!((answer.status, answer.body), (200, &b"hello world"[..]));
        let answer = connection.exchange(b"b").await.unwrap();
        assert_eq!((answer.status, answer.body), (404, &b"abcde"[..]));
        assert!(!answer.accepted());
        let answer = connection.exchange(b"c").await.unwrap();
        assert_eq!((answer.status, answer.body), (204, &b""[..]));
        assert!(matches!(connection.exchange(b"d").await, Err(Error::Io(_))), "the server hung up");
    }

    #[tokio::test]
    async fn an_answer_that_nobody_asked_for_is_an_error() {
        let addr = dribbling(vec!["HTTP/1.1 204 No Content\r\n\r\nHTTP"]);
        let mut connection = Connection::open(addr).await.unwrap();
        let first = connection.exchange(b"a").await.map(|answer| answer.status);
        // The surplus comes with the answer or is found as the start of the next one.
        assert!(matches!(first, Err(Error::Wire(_))) || connection.exchange(b"b").await.is_err());
    }
}
