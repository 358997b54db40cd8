//! Methods of floating-point numbers (`float.dyn`, `math.dyn`).

use dynop_abi::context::Status;
use dynop_abi::entries::types::{Ctx, F64, Ptr};
use dynop_values::display;
use dynop_values::failing::Failure;

use crate::convention::give;

/// Defines native functions from a float to a float that cannot fail.
macro_rules! of_a_float {
    ($($(#[$docs:meta])* fn $name:ident = $function:path;)*) => {$(
        $(#[$docs])*
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(_ctx: Ctx, out: Ptr, number: F64) -> Status {
            // SAFETY: the convention.
            unsafe { out.cast::<F64>().write($function(number)) };
            dynop_abi::context::OK
        }
    )*};
}

of_a_float! {
    /// The square root.
    fn dyn_float_sqrt = f64::sqrt;
    /// The greatest whole number that is not greater.
    fn dyn_float_floor = f64::floor;
    /// The least whole number that is not less.
    fn dyn_float_ceil = f64::ceil;
    /// The nearest whole number; from the middle away from 0.
    fn dyn_float_round = f64::round;
    /// The sine.
    fn dyn_math_sin = f64::sin;
    /// The cosine.
    fn dyn_math_cos = f64::cos;
    /// The tangent.
    fn dyn_math_tan = f64::tan;
    /// `e` to its power.
    fn dyn_math_exp = f64::exp;
    /// The natural logarithm.
    fn dyn_math_ln = f64::ln;
    /// The decimal logarithm.
    fn dyn_math_log10 = f64::log10;
    /// The binary logarithm.
    fn dyn_math_log2 = f64::log2;
    /// The cube root.
    fn dyn_math_cbrt = f64::cbrt;
    /// The angle of a sine.
    fn dyn_math_asin = f64::asin;
    /// The angle of a cosine.
    fn dyn_math_acos = f64::acos;
    /// The angle of a tangent.
    fn dyn_math_atan = f64::atan;
    /// The hyperbolic sine.
    fn dyn_math_sinh = f64::sinh;
    /// The hyperbolic cosine.
    fn dyn_math_cosh = f64::cosh;
    /// The hyperbolic tangent.
    fn dyn_math_tanh = f64::tanh;
}

/// The angle of the point `(x, y)`.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_math_atan2(_ctx: Ctx, out: Ptr, y: F64, x: F64) -> Status {
    // SAFETY: the convention.
    unsafe { out.cast::<F64>().write(y.atan2(x)) };
    dynop_abi::context::OK
}

/// The length of the vector `(x, y)`.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_math_hypot(_ctx: Ctx, out: Ptr, x: F64, y: F64) -> Status {
    // SAFETY: the convention.
    unsafe { out.cast::<F64>().write(x.hypot(y)) };
    dynop_abi::context::OK
}

/// The number cut off at its point; fails for NaN and what does not fit.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_float_to_int(ctx: Ctx, out: Ptr, number: F64) -> Status {
    // SAFETY: the convention.
    unsafe { give(ctx, out, || to_int(number)) }
}

fn to_int(number: f64) -> Result<i64, Failure> {
    // Both bounds are exact: -2^63, and 2^63, which is the first that is too large.
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    let whole = number.trunc();
    if (-BOUND..BOUND).contains(&whole) {
        return Ok(whole as i64);
    }
    let mut shown = String::new();
    display::float(&mut shown, number);
    Err(format!("{shown} has no Int").into())
}

#[cfg(test)]
mod tests {
    use super::to_int;

    #[test]
    fn floats_to_integers() {
        assert_eq!(to_int(-2.7), Ok(-2));
        assert_eq!(to_int(-9_223_372_036_854_775_808.0), Ok(i64::MIN));
        assert_eq!(
            to_int(9_223_372_036_854_774_784.0),
            Ok(9_223_372_036_854_774_784)
        );
        for wrong in [f64::NAN, f64::INFINITY, 9_223_372_036_854_775_808.0, -1e19] {
            assert!(to_int(wrong).is_err());
        }
    }
}
