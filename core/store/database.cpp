#include "core/store/database.h"

#include "core/base/error.h"
#include "core/store/text_functions.h"

#include <sqlite3.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace sapsam {

namespace {

constexpr int kBusyTimeoutMs = 5000;

// What a result code means to the user.
ErrorKind kindOf(int code, int systemErrno)
{
    switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ErrorKind::Corrupt;
    case SQLITE_FULL:
        return ErrorKind::NoSpace;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ErrorKind::Busy;
    case SQLITE_NOMEM:
        return ErrorKind::OutOfMemory;
    case SQLITE_IOERR:
        if (systemErrno == ENOSPC || systemErrno == EDQUOT)
            return ErrorKind::NoSpace;
        return ErrorKind::Io;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ErrorKind::Io;
    default:
        return ErrorKind::Internal;
    }
}

const char *adviceFor(ErrorKind kind)
{
    switch (kind) {
    case ErrorKind::Corrupt:
        return "; the database is damaged: run `sapsam doctor` on the project, or put back a copy "
               "from its backups folder";
    case ErrorKind::NoSpace:
        return "; the disk is full: free some space and try again, nothing that was stored is lost";
    case ErrorKind::Busy:
        return "; another program is writing to the project: wait for it or close it";
    case ErrorKind::Io:
        return "; check the permissions of the project folder and that it is still there";
    default:
        return "";
    }
}

// A path as a SQLite URI.
std::string uriOf(const std::string &path, const char *options)
{
    std::string uri = "file:";
    for (const char c : path) {
        if (c == '%' || c == '?' || c == '#') {
            constexpr char kHex[] = "0123456789ABCDEF";
            uri += '%';
            uri += kHex[static_cast<unsigned char>(c) >> 4];
            uri += kHex[static_cast<unsigned char>(c) & 15];
        } else {
            uri += c;
        }
    }
    return uri + options;
}

} // namespace

// ---------------------------------------------------------------------------------------------

Statement::Statement(Database &database, sqlite3_stmt *statement)
    : m_database(&database), m_statement(statement)
{
}

Statement::Statement(Statement &&other) noexcept
    : m_database(other.m_database), m_statement(other.m_statement)
{
    other.m_statement = nullptr;
}

Statement::~Statement()
{
    if (!m_statement)
        return;
    sqlite3_reset(m_statement);
    sqlite3_clear_bindings(m_statement);
    m_database->m_idle[sqlite3_sql(m_statement)].push_back(m_statement);
}

bool Statement::step()
{
    const int code = sqlite3_step(m_statement);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        m_database->fail(code, sqlite3_stmt_readonly(m_statement) ? "read" : "write");
    return false;
}

void Statement::bind(int index, std::int64_t value)
{
    sqlite3_bind_int64(m_statement, index, value);
}

void Statement::bind(int index, double value)
{
    sqlite3_bind_double(m_statement, index, value);
}

void Statement::bind(int index, std::string_view value)
{
    const int code = sqlite3_bind_text64(m_statement, index, value.data() ? value.data() : "",
                                         value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    if (code != SQLITE_OK)
        m_database->fail(code, "write");
}

void Statement::bind(int index, const Blob &value)
{
    const int code = sqlite3_bind_blob64(m_statement, index, value.bytes.data(), value.bytes.size(),
                                         SQLITE_TRANSIENT);
    if (code != SQLITE_OK)
        m_database->fail(code, "write");
}

void Statement::bind(int index, const SqlValue &value)
{
    std::visit([this, index](const auto &plain) { bind(index, plain); }, value);
}

void Statement::bindNull(int index)
{
    sqlite3_bind_null(m_statement, index);
}

std::int64_t Statement::integer(int column) const
{
    return sqlite3_column_int64(m_statement, column);
}

double Statement::real(int column) const
{
    return sqlite3_column_double(m_statement, column);
}

std::string Statement::text(int column) const
{
    const auto *data = reinterpret_cast<const char *>(sqlite3_column_text(m_statement, column));
    return data ? std::string(data,
                              static_cast<std::size_t>(sqlite3_column_bytes(m_statement, column)))
                : std::string();
}

bool Statement::isNull(int column) const
{
    return sqlite3_column_type(m_statement, column) == SQLITE_NULL;
}

// ---------------------------------------------------------------------------------------------

Database::Database(const std::string &path, Mode mode) : m_path(path)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE;
    if (mode == Mode::ReadOnly)
        flags |= SQLITE_OPEN_READONLY;
    else
        flags |= SQLITE_OPEN_READWRITE | (mode == Mode::Create ? SQLITE_OPEN_CREATE : 0);

    const auto open = [&](const char *options) {
        int code = sqlite3_open_v2(uriOf(path, options).c_str(), &m_handle, flags, nullptr);
        if (code == SQLITE_OK)
            code = sqlite3_exec(m_handle, "SELECT count(*) FROM sqlite_master", nullptr, nullptr,
                                nullptr);
        return code;
    };
    int code = open("");
    // In WAL mode even a reader needs to create files beside the database. In a folder that cannot
    // be written nobody else writes either, so it can be read as it stands.
    if (mode == Mode::ReadOnly && (code & 0xFF) != SQLITE_OK
        && ((code & 0xFF) == SQLITE_CANTOPEN || (code & 0xFF) == SQLITE_READONLY)) {
        sqlite3_close_v2(m_handle);
        code = open("?immutable=1");
    }
    try {
        if (code != SQLITE_OK)
            fail(code, "open");
        sqlite3_busy_timeout(m_handle, kBusyTimeoutMs);
        addTextFunctions(m_handle);
        execute("PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768;"
                "PRAGMA temp_store = MEMORY;");
    } catch (const Error &) {
        sqlite3_close_v2(m_handle);
        throw;
    }
}

Database::~Database()
{
    for (const auto &[sql, statements] : m_idle) {
        for (sqlite3_stmt *statement : statements)
            sqlite3_finalize(statement);
    }
    sqlite3_close_v2(m_handle);
}

bool Database::isReadOnly() const
{
    return sqlite3_db_readonly(m_handle, "main") != 0;
}

void Database::execute(const std::string &script)
{
    const int code = sqlite3_exec(m_handle, script.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK)
        fail(code, "work on");
}

Statement Database::prepare(const char *sql)
{
    const auto idle = m_idle.find(sql);
    if (idle != m_idle.end() && !idle->second.empty()) {
        sqlite3_stmt *statement = idle->second.back();
        idle->second.pop_back();
        return Statement(*this, statement);
    }
    sqlite3_stmt *statement = nullptr;
    const int code =
        sqlite3_prepare_v3(m_handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
        // The version was checked when the project was opened: a missing table is damage.
        const std::string message = sqlite3_errmsg(m_handle);
        if (code == SQLITE_ERROR && message.starts_with("no such"))
            throw Error(ErrorKind::Corrupt,
                        "'" + m_path + "': " + message + adviceFor(ErrorKind::Corrupt));
        fail(code, "read");
    }
    // Keyed by the copy that SQLite keeps; statements live as long as the connection.
    m_idle.try_emplace(sqlite3_sql(statement));
    return Statement(*this, statement);
}

Statement Database::queryWith(const std::string &sql, const std::vector<SqlValue> &values)
{
    Statement statement = prepare(sql.c_str());
    int index = 0;
    for (const SqlValue &value : values)
        statement.bind(++index, value);
    return statement;
}

int Database::changes() const
{
    return sqlite3_changes(m_handle);
}

std::int64_t Database::lastInsertId() const
{
    return sqlite3_last_insert_rowid(m_handle);
}

std::int64_t Database::integer(const char *sql, std::int64_t fallback)
{
    Statement statement = query(sql);
    return statement.step() ? statement.integer(0) : fallback;
}

void Database::fail(int code, const std::string &action) const
{
    const ErrorKind kind = kindOf(code, m_handle ? sqlite3_system_errno(m_handle) : 0);
    std::string reason = m_handle ? sqlite3_errmsg(m_handle) : sqlite3_errstr(code);
    const int systemErrno = m_handle ? sqlite3_system_errno(m_handle) : 0;
    if ((kind == ErrorKind::Io || kind == ErrorKind::NoSpace) && systemErrno != 0)
        reason += " (" + std::generic_category().message(systemErrno) + ")";
    throw Error(kind, "cannot " + action + " '" + m_path + "': " + reason + adviceFor(kind));
}

// ---------------------------------------------------------------------------------------------

Transaction::Transaction(Database &database) : m_database(database), m_level(database.m_depth)
{
    if (m_level == 0)
        m_database.execute("BEGIN IMMEDIATE");
    else
        m_database.execute("SAVEPOINT level" + std::to_string(m_level));
    ++m_database.m_depth;
}

Transaction::~Transaction()
{
    if (!m_open)
        return;
    --m_database.m_depth;
    // After a full disk SQLite may have rolled back by itself; then there is nothing left to undo
    // and the error of these calls says nothing new.
    if (m_level == 0) {
        sqlite3_exec(m_database.m_handle, "ROLLBACK", nullptr, nullptr, nullptr);
    } else {
        const std::string name = "level" + std::to_string(m_level);
        sqlite3_exec(m_database.m_handle, ("ROLLBACK TO " + name + "; RELEASE " + name).c_str(),
                     nullptr, nullptr, nullptr);
    }
}

void Transaction::commit()
{
    if (m_level == 0)
        m_database.execute("COMMIT");
    else
        m_database.execute("RELEASE level" + std::to_string(m_level));
    m_open = false;
    --m_database.m_depth;
}

} // namespace sapsam
