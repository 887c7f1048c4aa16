pub struct MemoryFanout;
