//! Evaluates job bodies into plans: steps, edges and dynamic scopes.
