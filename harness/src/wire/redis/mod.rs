//! Owns RESP2 and RESP3 and what each Redis command means for the gate.
