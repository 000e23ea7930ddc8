// Stands for a module of Node that browsers have no need of.
export {};
