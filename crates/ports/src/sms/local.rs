pub struct LocalSms;
