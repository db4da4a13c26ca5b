//! stub
/// x
#[derive(Debug, Clone, Default)]
pub struct Interrupt;
impl Interrupt { /// x
pub fn install() -> Self { Self } /// x
pub fn is_set(&self) -> bool { false } }
