pub struct MemoryCache;
