import NIOCore
import NIOHTTP1

/// One client's connection: one request after the other.
final class ManagementConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// The most bytes of a request's body; none is needed.
    private static let longestBody = 64 << 10

    private let routes: RouteTable
    private let timeout: TimeAmount
    private var head: HTTPRequestHead?
    private var bodyBytes = 0
    private var deadline: Scheduled<Void>?

    init(_ routes: RouteTable, timeout: TimeAmount) {
        self.routes = routes
        self.timeout = timeout
    }

    func channelActive(context: ChannelHandlerContext) {
        restartDeadline(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            bodyBytes = 0
        case .body(let body):
            bodyBytes += body.readableBytes
            guard bodyBytes > Self.longestBody, let head else { return }
            self.head = nil
            let problem = ManagementResponse.problem(.payloadTooLarge, "a request has at most 64 KiB")
            write(problem, to: head, keepsAlive: false, context)
        case .end:
            guard let head else { return }
            self.head = nil
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            let loop = context.eventLoop
            routes.answer(head) { response in
                loop.execute {
                    let (connection, context) = bound.value
                    connection.write(response, to: head, keepsAlive: head.isKeepAlive, context)
                }
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Garbage was answered with 400 by the handler before this one.
        context.close(promise: nil)
    }

    private func write(
        _ response: ManagementResponse, to request: HTTPRequestHead, keepsAlive: Bool, _ context: ChannelHandlerContext
    ) {
        guard context.channel.isActive else { return }
        var headers = HTTPHeaders(response.headers)
        headers.add(name: "Content-Type", value: response.type)
        headers.add(name: "Content-Length", value: "\(response.body.utf8.count)")
        headers.add(name: "Cache-Control", value: "no-store")
        headers.add(name: "X-Content-Type-Options", value: "nosniff")
        headers.add(name: "Connection", value: keepsAlive ? "keep-alive" : "close")
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: response.body)))), promise: nil)
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            let (connection, context) = bound.value
            if keepsAlive { connection.restartDeadline(context) } else { context.close(promise: nil) }
        }
    }

    /// The next request must have arrived whole, and been answered, until then.
    private func restartDeadline(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: timeout) { bound.value.close(promise: nil) }
    }
}
