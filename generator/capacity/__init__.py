"""What an offering carries: service time, memory, queueing, replicas over time, the cheapest sizing of a group."""
