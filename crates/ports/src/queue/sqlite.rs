pub struct SqliteQueue;
