package import CastyActors
package import CastyCore
import CastyObservability
package import CastySerialization
package import NIOCore
import Synchronization

/// A route to a published actor of another node, for a caller that decides at the last moment whether a message takes
/// it: the message is encoded first, and then queued by a call that runs no other code.
package final class EncodedRoute: Sendable {
    private let remoting: Remoting
    private let resolved: ResolvedRoute
    private let state = RouteState()

    /// - Parameters:
    ///   - address: The actor's, without a uid.
    ///   - registered: The type of the messages, which must be one of the runtime's own.
    /// - Returns: `nil` where nothing can be sent to the node.
    package init?(
        to address: ActorAddress, _ registered: AnyRegisteredType, of type: any Sendable.Type, _ remoting: Remoting
    ) {
        guard registered.isNative, let association = remoting.association(with: address.node) else { return nil }
        self.remoting = remoting
        resolved = ResolvedRoute(
            registered: registered,
            destination: Destination(address: address, wireType: registered.name, type: type, lane: .user),
            association: association, isClassified: false)
    }

    /// Encodes a message, and queues it if the caller still wants that.
    ///
    /// - Parameters:
    ///   - encode: Writes the message. It may run code of users.
    ///   - queue: Called with the encoded message, whose bytes may still be changed, and the question in it. It may hold a
    ///     lock of the caller, and calls ``queue(_:asker:)``; `nil` where the message is not to be queued.
    /// - Returns: Whether the message was queued. If not, it has had no effect.
    package func send(
        encode: (inout ByteBuffer, CodingContext) throws -> Void,
        queue: (inout ByteBuffer, AnyActorCell?) -> QueuedMessage?
    ) -> Bool {
        // Those who watch messages see them on their usual way.
        if remoting.isObserved.load(ordering: .relaxed) { return false }
        if state.take() {
            defer { state.leave() }
            return send(encode, queue, &state.scratch)
        }
        var another = RouteScratch()
        return send(encode, queue, &another)
    }

    private func send(
        _ encode: (inout ByteBuffer, CodingContext) throws -> Void,
        _ queue: (inout ByteBuffer, AnyActorCell?) -> QueuedMessage?, _ scratch: inout RouteScratch
    ) -> Bool {
        let context = scratch.context(from: remoting)
        defer { scratch.note?.asker = nil }
        do { try encode(&scratch.buffer, context) } catch { return false }
        let asker = scratch.note?.asker
        let size = QueuedFrame.bound(scratch.buffer.readableBytes, resolved.destination, asker)
        guard size <= remoting.settings.frameLimit, let queued = queue(&scratch.buffer, asker) else { return false }
        queued.perform()
        return true
    }

    /// Queues an encoded message and nothing else: no connection is opened and no code of users runs.
    ///
    /// - Parameter asker: The question in the message.
    /// - Returns: What the caller performs once it has released its locks; `nil` where the message was not accepted.
    package func queue(_ bytes: ByteBuffer, asker: AnyActorCell?) -> QueuedMessage? {
        if remoting.isObserved.load(ordering: .relaxed) { return nil }
        // Before it is queued: once queued, the message may be returned at any time and sent elsewhere.
        asker?.questionLeft(for: resolved.destination.address.node)
        let queued = resolved.association.put(resolved.destination, .native, .user, bytes, asker: asker)
        if queued == nil, let asker { asker.questionLeft(for: asker.system.address) }
        return queued
    }
}

/// A message that is in the queue of its association, and what follows from that.
package struct QueuedMessage: Sendable {
    let association: Association
    let step: NextStep

    /// Opens a connection, or writes, where the message needs it.
    package func perform() { association.take(step) }
}

extension RouteScratch {
    /// The context for the encoders, which note the question in what they encode.
    mutating func context(from remoting: Remoting) -> CodingContext {
        if let context { return context }
        var made = remoting.context
        let note = AskerNote()
        made.userInfo[.asker] = note
        self.note = note
        context = made
        return made
    }
}

extension Association {
    /// Queues an encoded message and nothing else: no connection is opened and no other code runs. The caller performs
    /// the step once it has released its locks.
    ///
    /// - Returns: `nil` where the message was not accepted.
    func put(
        _ destination: Destination, _ codec: CodecID, _ lossClass: LossClass?, _ payload: ByteBuffer,
        asker: AnyActorCell?
    ) -> QueuedMessage? {
        var association = self
        while true {
            let (delivery, step) = association.state.withLock {
                $0.enqueue(destination, codec, lossClass, payload, asker)
            }
            if case .moved = step {
                guard let other = remoting.attach(association) else { return nil }
                association = other
                continue
            }
            guard case .accepted = delivery else { return nil }
            return QueuedMessage(association: association, step: step)
        }
    }
}
