pub struct LocalMail;
