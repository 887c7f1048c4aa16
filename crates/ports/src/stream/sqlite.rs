pub struct SqliteStream;
