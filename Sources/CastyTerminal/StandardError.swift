import Glibc

/// Writes to standard error without the shared stream object, which Swift does not consider safe.
enum StandardError {
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in _ = Glibc.write(2, bytes.baseAddress, bytes.count) }
    }
}
