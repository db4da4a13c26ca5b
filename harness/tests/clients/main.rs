//! Programs that speak to the stores as their users have them do: through a gate that lets everything pass they give the same
//! results as without, and what the known clients say and hear is the same byte for byte. They need what `ci/setup` installs.

mod both;
mod bytes;
mod recorder;
mod tools;
