import Glibc

/// A file that is written from its beginning; closed when it is no longer used.
package struct OutputFile: ~Copyable {
    package let path: String
    private let descriptor: Int32

    /// Why a file cannot be made or written.
    package struct Failure: Error, CustomStringConvertible {
        package let code: Int32
        package var description: String { String(cString: strerror(code)) }
    }

    /// Creates the file, or empties it.
    package init(_ path: String) throws(Failure) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure(code: errno) }
    }

    deinit { close(descriptor) }

    /// Appends a text.
    package func write(_ text: String) throws(Failure) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw Failure(code: written < 0 ? errno : EIO) }
            bytes = bytes.dropFirst(written)
        }
    }

    /// Writes a whole file.
    package static func write(_ text: String, to path: String) throws(Failure) {
        let file = try OutputFile(path)
        try file.write(text)
    }
}
