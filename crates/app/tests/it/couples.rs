//! Couples: invitations, linking, unlinking.
