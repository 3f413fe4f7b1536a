// Numbers of event queues (mlx4.h, device.h): queue 0 takes the asynchronous events, so the queue
// of a completion vector is the one behind it.

/** The queue of asynchronous events. */
export const MLX4_EQ_ASYNC = 0;

/** The queue of a completion vector. */
export const MLX4_CQ_TO_EQ_VECTOR = (vector: number): number =>
  vector >= MLX4_EQ_ASYNC ? vector + 1 : vector;

/** The completion vector of a queue. */
export const MLX4_EQ_TO_CQ_VECTOR = (vector: number): number =>
  vector > MLX4_EQ_ASYNC ? vector - 1 : vector;

/** With fewer completion vectors than this for each port, all ports share all queues. */
export const MIN_MSIX_P_PORT = 5;

/** Entries of the asynchronous queue, and those that every queue has to spare (eq.c). */
export const MLX4_NUM_ASYNC_EQE = 0x100;
export const MLX4_NUM_SPARE_EQE = 0x80;
