"""What operators look at: all that nodes say of themselves, put together, and the fleet's list."""
