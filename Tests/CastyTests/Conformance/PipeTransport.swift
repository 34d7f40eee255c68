import Casty
import Dispatch
import NIOCore
import Synchronization

/// A transport written against the public protocols: pipes in this process.
final class PipeNetwork: Sendable {
    typealias Accept = @Sendable (any Connection) -> any ConnectionHandler

    private let listeners = Mutex<[NodeAddress: (accept: Accept, queue: DispatchQueue)]>([:])
    /// How many bytes were carried.
    let bytes = Atomic<Int>(0)

    func listen(_ address: NodeAddress, _ accept: @escaping Accept, on queue: DispatchQueue) -> Bool {
        listeners.withLock { listeners in
            guard listeners[address] == nil else { return false }
            listeners[address] = (accept, queue)
            return true
        }
    }

    func listener(at address: NodeAddress) -> (accept: Accept, queue: DispatchQueue)? {
        listeners.withLock { $0[address] }
    }

    func remove(_ address: NodeAddress) { listeners.withLock { _ = $0.removeValue(forKey: address) } }
}

final class PipeTransport: MessageTransport {
    private let network: PipeNetwork
    private let queue = DispatchQueue(label: "pipes")
    private let address = Mutex<NodeAddress?>(nil)
    private let ends = Mutex<[PipeEnd]>([])

    init(_ network: PipeNetwork) { self.network = network }

    func listen(
        on address: NodeAddress, accept: @escaping @Sendable (any Connection) -> any ConnectionHandler,
        completion: @escaping @Sendable (Result<NodeAddress, TransportError>) -> Void
    ) {
        queue.async { [self] in
            let keeping: PipeNetwork.Accept = { [weak self] end in
                if let end = end as? PipeEnd { self?.ends.withLock { $0.append(end) } }
                return accept(end)
            }
            guard network.listen(address, keeping, on: queue) else {
                return completion(.failure(TransportError(.addressInUse, "\(address) is taken")))
            }
            self.address.withLock { $0 = address }
            completion(.success(address))
        }
    }

    func connect(to address: NodeAddress, from source: NodeAddress, timeout: Duration, handler: any ConnectionHandler) {
        guard let listener = network.listener(at: address) else {
            return queue.async { handler.connectionFailed(TransportError(.refused, "no pipe leads to \(address)")) }
        }
        let near = PipeEnd(network, queue, "\(address)")
        let far = PipeEnd(network, listener.queue, "\(source)")
        near.join(far)
        ends.withLock { $0.append(near) }
        listener.queue.async {
            let other = listener.accept(far)
            far.begin(other)
        }
        queue.async { near.begin(handler) }
    }

    func shutdown(completion: @escaping @Sendable () -> Void) {
        queue.async { [self] in
            if let address = address.withLock({ $0.take() }) { network.remove(address) }
            let all = ends.withLock { ends in
                defer { ends = [] }
                return ends
            }
            for end in all { end.close() }
            // After what the ends have put into the queue.
            queue.async { self.queue.async { completion() } }
        }
    }
}

/// One end of a pipe. Everything about it runs on the queue of its transport.
final class PipeEnd: Connection {
    private struct State {
        var peer: PipeEnd?
        var handler: (any ConnectionHandler)?
        var isRequested = false
        var isClosed = false
    }

    let remoteDescription: String
    private let network: PipeNetwork
    private let queue: DispatchQueue
    private let state = Mutex(State())

    init(_ network: PipeNetwork, _ queue: DispatchQueue, _ remote: String) {
        self.network = network
        self.queue = queue
        remoteDescription = remote
    }

    func join(_ other: PipeEnd) {
        state.withLock { $0.peer = other }
        other.state.withLock { $0.peer = self }
    }

    func begin(_ handler: any ConnectionHandler) {
        state.withLock { $0.handler = handler }
        handler.connectionOpened(self)
        requestWrite()
    }

    func requestWrite() {
        let isNew = state.withLock { state in
            defer { state.isRequested = true }
            return !state.isRequested
        }
        if isNew { queue.async { self.pull() } }
    }

    private func pull() {
        let (handler, peer) = state.withLock { state in
            state.isRequested = false
            return state.isClosed ? (nil, nil) : (state.handler, state.peer)
        }
        guard let handler, let peer else { return }
        var buffer = ByteBuffer()
        handler.connectionReady(self, fill: &buffer)
        guard buffer.readableBytes > 0 else { return }
        network.bytes.add(buffer.readableBytes, ordering: .relaxed)
        let bytes = buffer
        peer.queue.async { peer.receive(bytes) }
        requestWrite()
    }

    private func receive(_ bytes: ByteBuffer) {
        let handler = state.withLock { $0.isClosed ? nil : $0.handler }
        handler?.connectionReceived(self, bytes)
    }

    func close() { end(nil) }

    func reset() { end(TransportError(.reset, "the other end was reset")) }

    private func end(_ error: TransportError?) {
        queue.async {
            let peer = self.state.withLock { $0.peer }
            self.closed(nil)
            if let peer { peer.queue.async { peer.closed(error) } }
        }
    }

    private func closed(_ error: TransportError?) {
        let handler = state.withLock { state -> (any ConnectionHandler)? in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            state.peer = nil
            defer { state.handler = nil }
            return state.handler
        }
        handler?.connectionClosed(self, error: error)
    }
}
