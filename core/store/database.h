#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

// SQLite as values that clean up after themselves. Only core/store includes this.
// Every failure is an Error that names the database file: Corrupt, NoSpace, Busy, Io, OutOfMemory,
// and Internal for SQL that is our own mistake.
namespace sapsam {

class Database;

// Bytes as they are; read back with Statement::text().
struct Blob
{
    std::string_view bytes;
};

// A parameter of a question that is put together at run time.
using SqlValue = std::variant<std::int64_t, double, std::string>;

// One execution of a prepared statement. The statement goes back to its database when the object
// dies, so that no reader stays open. Columns and parameters count from 0 and 1 as in SQLite.
class Statement
{
public:
    Statement(Statement &&other) noexcept;
    Statement &operator=(Statement &&) = delete;
    Statement(const Statement &) = delete;
    ~Statement();

    bool step(); // false when there is no further row

    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string text(int column) const;
    bool isNull(int column) const;

private:
    friend class Database;
    Statement(Database &database, sqlite3_stmt *statement);

    void bind(int index, std::int64_t value);
    void bind(int index, int value) { bind(index, static_cast<std::int64_t>(value)); }
    void bind(int index, double value);
    void bind(int index, std::string_view value);
    void bind(int index, const std::string &value) { bind(index, std::string_view(value)); }
    void bind(int index, const char *value) { bind(index, std::string_view(value)); }
    void bind(int index, const Blob &value);
    void bind(int index, const SqlValue &value);
    void bindNull(int index);
    template <typename T>
    void bind(int index, const std::optional<T> &value)
    {
        if (value)
            bind(index, *value);
        else
            bindNull(index);
    }

    Database *m_database;
    sqlite3_stmt *m_statement;
};

// One connection; belongs to one thread. Prepared statements are kept by their text.
class Database
{
public:
    enum class Mode { ReadOnly, ReadWrite, Create };

    Database(const std::string &path, Mode mode);
    ~Database();
    Database(const Database &) = delete;
    Database &operator=(const Database &) = delete;

    const std::string &path() const { return m_path; }
    bool isReadOnly() const;

    // Runs a script of one or more statements.
    void execute(const std::string &script);
    // Prepares (or takes from the cache) and binds. The text must be a literal or outlive the
    // object.
    template <typename... Values>
    Statement query(const char *sql, const Values &...values)
    {
        Statement statement = prepare(sql);
        int index = 0;
        (statement.bind(++index, values), ...);
        return statement;
    }
    // For a text that was put together; values only ever travel as parameters.
    Statement queryWith(const std::string &sql, const std::vector<SqlValue> &values);
    // The same, run to its end; returns the number of changed rows.
    template <typename... Values>
    int run(const char *sql, const Values &...values)
    {
        Statement statement = query(sql, values...);
        while (statement.step()) {
        }
        return changes();
    }
    std::int64_t lastInsertId() const;
    // First column of the first row; fallback when there is none.
    std::int64_t integer(const char *sql, std::int64_t fallback = 0);

    int transactionDepth() const { return m_depth; }

    // Throws the Error that a SQLite result code stands for.
    [[noreturn]] void fail(int code, const std::string &action) const;

private:
    friend class Statement;
    friend class Transaction;

    Statement prepare(const char *sql);
    int changes() const;

    std::string m_path;
    sqlite3 *m_handle = nullptr;
    std::unordered_map<std::string_view, std::vector<sqlite3_stmt *>> m_idle;
    int m_depth = 0;
};

// Rolls back unless committed. Inner ones are savepoints of the outer one.
class Transaction
{
public:
    explicit Transaction(Database &database);
    ~Transaction();
    Transaction(const Transaction &) = delete;
    Transaction &operator=(const Transaction &) = delete;

    void commit();

private:
    Database &m_database;
    int m_level;
    bool m_open = true;
};

} // namespace sapsam
