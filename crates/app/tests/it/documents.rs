//! The pages and documents that are served beside the API.
