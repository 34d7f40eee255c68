/// The kind of one step of a simulated runtime.
package enum StepKind: UInt8, Hashable, Sendable, CaseIterable {
    /// A turn of an actor's mailbox or of a work item.
    case turn
    /// A timer of a node.
    case timer
    /// A link delivered something: bytes, the end of a stream, or the last step of opening one.
    case arrival
    /// A connection's handler was called to fill a buffer.
    case write
    /// A connection delivered a waiting notice to its handler.
    case notice
    /// A writer that had filled its window got room again.
    case credit
    /// Opening, refusing and resetting connections, and the network's own deadlines.
    case control
    /// An action of the code that drives the simulation, outside all nodes.
    case world
}
