"""What every layer declares: arguments, shape, weights, costs, torch call."""
