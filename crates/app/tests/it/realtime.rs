//! Real time: tickets, sockets, server-sent events, resume.
