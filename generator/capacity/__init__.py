"""What an offering carries: service time, memory fit, queueing, replicas over time, and the cheapest sizing of a group."""
