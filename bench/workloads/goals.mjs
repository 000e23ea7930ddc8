export function printGoals() {}
