/// What kind of thing one step of a simulated world was.
package enum StepKind: UInt8, Hashable, Sendable, CaseIterable {
    /// A turn of an actor's mailbox or of a work item.
    case turn
    /// A timer of a node.
    case timer
    /// Something came out of a link: bytes, the end of a stream, the last step of opening one.
    case arrival
    /// A connection was asked for what it has to write.
    case write
    /// A connection told its handler what had waited.
    case notice
    /// Room came back to a writer that had filled its window.
    case credit
    /// Opening, refusing and resetting connections, and the network's own deadlines.
    case control
    /// An action of whoever runs the world, outside all nodes.
    case world
}
