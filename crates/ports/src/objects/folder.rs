pub struct FolderObjects; pub struct Signer;
