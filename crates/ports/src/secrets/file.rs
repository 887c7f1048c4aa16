pub struct FileSecrets;
