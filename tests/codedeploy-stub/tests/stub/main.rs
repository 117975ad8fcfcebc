//! The stubs themselves, tried out: what tests of the hooks rely on.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod behaviours;
#[cfg(test)]
mod codedeploy;
#[cfg(test)]
mod metadata;
#[cfg(test)]
mod moto;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tls;
