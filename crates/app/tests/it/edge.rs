//! What every request passes: problems, headers, preconditions.
