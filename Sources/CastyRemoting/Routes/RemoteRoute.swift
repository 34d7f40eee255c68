import CastyActors
import CastyInspection
import CastyPrimitives
import CastyWire
import NIOCore
import Synchronization

/// The way to one actor of another node: messages are encoded on the teller's thread, straight to where they wait
/// for the connection.
final class RemoteRoute<Message: Sendable>: Route {
    let address: ActorAddress
    private let remoting: Remoting
    private let prepared = AtomicLazyReference<PreparedWay>()
    /// Where messages are encoded; a second teller at the same time uses memory of its own.
    private let scratch = Mutex(ByteBuffer())

    init(to address: ActorAddress, _ remoting: Remoting) {
        self.address = address
        self.remoting = remoting
    }

    func deliver(_ message: Message) -> Delivery {
        let way: PreparedWay
        if let known = prepared.load() {
            way = known
        } else {
            switch prepare() {
            case .success(let made): way = prepared.storeIfNil(made)
            case .failure(let refusal): return refusal.delivery
            }
        }
        let delivery = scratch.withLockIfAvailable { buffer in
            buffer.clear(minimumCapacity: 0)
            defer { if buffer.capacity > 64 * 1024 { buffer = ByteBuffer() } }
            return send(message, way, &buffer)
        }
        if let delivery { return delivery }
        var buffer = ByteBuffer()
        return send(message, way, &buffer)
    }

    private func send(_ message: Message, _ way: PreparedWay, _ buffer: inout ByteBuffer) -> Delivery {
        // Only `prepare()` made it, from the registration of this very type.
        let registered = unsafeDowncast(way.registered, to: RegisteredType<Message>.self)
        let codec = way.registered.codec(agreed: way.association.codec)
        do {
            try registered.encode(message, with: codec, context: remoting.context, into: &buffer)
        } catch {
            remoting.complain("encode \(way.registered.name)", "\(way.registered.name) cannot be encoded: \(error)")
            return .undecodable
        }
        let size = buffer.readableBytes + way.destination.headerBound
        guard size <= remoting.settings.frameLimit else {
            remoting.complain(
                "size \(way.registered.name)",
                "a \(way.registered.name) of \(size) bytes is above the limit of \(remoting.settings.frameLimit)")
            return .undecodable
        }
        var lossClass: LossClass? = way.destination.lossClass
        if way.isClassified, let own = message as? any LossClassified { lossClass = own.lossClass }
        return way.association.enqueue(way.destination, codec, lossClass, buffer)
    }

    private struct Refusal: Error {
        let delivery: Delivery
    }

    private func prepare() -> Result<PreparedWay, Refusal> {
        guard let registered = remoting.system.registry.find(Message.self) else {
            let type = String(reflecting: Message.self)
            remoting.complain(
                "register \(type)",
                """
                \(type) cannot travel to \(address.node): it is not registered. Register it on every node before the first message: \
                try registry.register(\(String(describing: Message.self)).self, name: "a.stable.name")
                """)
            return .failure(Refusal(delivery: .undecodable))
        }
        guard address.mayTravel else { return .failure(Refusal(delivery: .undecodable)) }
        guard let association = remoting.association(with: address.node) else {
            return .failure(Refusal(delivery: .unreachable))
        }
        // A type that carries users' messages stays in one lane, so that what a sender says to one actor keeps its
        // order.
        let isClassified = Message.self is any LossClassified.Type
        let isControl = address.path.first == "system" && !isClassified
        let destination = Destination(
            address: address, wireType: registered.name, shownType: String(describing: Message.self),
            lane: isControl ? .control : .user)
        return .success(
            PreparedWay(
                registered: registered, destination: destination, association: association, isClassified: isClassified))
    }

    func post(_ signal: SystemMessage) {
        switch signal {
        case .watch(let watcher, let watched):
            guard let association = remoting.association(with: address.node) else {
                return watcher.target.post(.terminated(Terminated(ref: watched, reason: .noSuchActor)))
            }
            association.watch(watched, by: watcher)
        case .unwatch(let watcher, let watched):
            remoting.association(with: address.node)?.unwatch(watched, by: watcher)
        case .unanswered(let code, let reason):
            remoting.association(with: address.node)?.send(.unanswered(asker: address, code, reason))
        // Nobody stops an actor of another node but by what it tells it; the rest is between an actor and its own
        // system.
        case .stop, .terminated, .childStopped, .timer, .restart, .resume: break
        }
    }
}

/// What a route finds out at its first message, and never changes. Without the message type, so that reading it
/// needs no type at run time.
private final class PreparedWay: Sendable {
    let registered: AnyRegisteredType
    let destination: Destination
    let association: Association
    /// Whether each message says itself what its loss counts as.
    let isClassified: Bool

    init(registered: AnyRegisteredType, destination: Destination, association: Association, isClassified: Bool) {
        self.registered = registered
        self.destination = destination
        self.association = association
        self.isClassified = isClassified
    }
}
