#include "app/cli/manual.h"

#include "app/cli/context.h"
#include "core/base/version.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <vector>

namespace sapsam::cli {

namespace {

// Text for roff: a minus sign is not a hyphen, a line must not begin with a command.
std::string escaped(const std::string &text)
{
    std::string result;
    for (const char c : text) {
        if (c == '\\')
            result += "\\e";
        else if (c == '-')
            result += "\\-";
        else if ((c == '.' || c == '\'') && (result.empty() || result.back() == '\n'))
            result += std::string("\\&") + c;
        else
            result += c;
    }
    return result;
}

std::string upper(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

bool isShown(const CLI::Option &option)
{
    return !option.get_group().empty();
}

std::vector<const CLI::App *> verbsOf(const CLI::App &app)
{
    return app.get_subcommands([](const CLI::App *verb) { return !verb->get_group().empty(); });
}

std::vector<const CLI::Option *> optionsOf(const CLI::App &app)
{
    std::vector<const CLI::Option *> result;
    for (const CLI::Option *option : app.get_options()) {
        // Every verb has --help: said once.
        if (isShown(*option) && (app.get_parent() == nullptr || option != app.get_help_ptr()))
            result.push_back(option);
    }
    return result;
}

void writeOptions(std::string &page, const CLI::App &app)
{
    for (const CLI::Option *option : optionsOf(app)) {
        page += ".TP\n.B " + escaped(option->get_name(false, true));
        if (!option->get_positional() && option->get_items_expected_max() > 0)
            page += " \\fI"
                    + escaped(
                        upper(option->get_type_name().substr(0, option->get_type_name().find(':'))))
                    + "\\fR";
        page += "\n" + escaped(option->get_description());
        // A path is of the machine that made the page.
        if (!option->get_default_str().empty() && option->get_default_str().front() != '/')
            page += " (" + escaped(option->get_default_str()) + ")";
        page += "\n";
    }
}

void writeVerbs(std::string &page, const CLI::App &app, const std::string &prefix)
{
    for (const CLI::App *verb : verbsOf(app)) {
        const std::string name = prefix + verb->get_name();
        page += ".SS " + escaped(name);
        for (const CLI::Option *option : optionsOf(*verb)) {
            if (option->get_positional())
                page += " " + escaped(upper(option->get_name(true)));
        }
        page += "\n" + escaped(verb->get_description()) + "\n";
        writeOptions(page, *verb);
        writeVerbs(page, *verb, name + " ");
    }
}

// The words that may follow: verbs, and long options with two dashes.
std::string wordsOf(const CLI::App &app)
{
    std::string words;
    for (const CLI::App *verb : verbsOf(app))
        words += verb->get_name() + " ";
    for (const CLI::Option *option : optionsOf(app)) {
        for (const std::string &name : option->get_lnames())
            words += "--" + name + " ";
    }
    if (!words.empty())
        words.pop_back();
    return words;
}

void writeCases(std::string &script, const CLI::App &app, const std::string &path)
{
    script += "        '" + path + "') words='" + wordsOf(app) + "' ;;\n";
    for (const CLI::App *verb : verbsOf(app))
        writeCases(script, *verb, path.empty() ? verb->get_name() : path + " " + verb->get_name());
}

void collectPaths(std::vector<std::string> &paths, const CLI::App &app, const std::string &path)
{
    for (const CLI::App *verb : verbsOf(app)) {
        const std::string whole = path.empty() ? verb->get_name() : path + " " + verb->get_name();
        paths.push_back(whole);
        collectPaths(paths, *verb, whole);
    }
}

} // namespace

std::string manualPage(const CLI::App &app, const std::string &program)
{
    std::string page = ".TH " + upper(program) + " 1 \"\" \"" + program + " " + programVersion()
                       + "\" \"SAP\\-SAM Workbench\"\n";
    const std::string description = app.get_description();
    page += ".SH NAME\n" + escaped(program) + " \\- " + escaped(description) + "\n";
    page += ".SH SYNOPSIS\n.B " + escaped(program) + "\n[\\fIoptions\\fR]";
    page += verbsOf(app).empty() ? " [\\fIproject\\fR]\n" : " \\fIverb\\fR [\\fIarguments\\fR]\n";
    page += ".SH OPTIONS\n";
    writeOptions(page, app);
    if (!verbsOf(app).empty()) {
        page += ".SH VERBS\n";
        writeVerbs(page, app, "");
        page += ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage, 3 some items failed, 130 "
                "cancelled.\n";
    }
    page += ".SH FILES\n.TP\n.I NAME.sapsam/\nA project: its database, features, thumbnails and "
            "training runs.\n.TP\n.I ~/.config/sapsam/\nSettings.\n.TP\n.I ~/.local/share/sapsam/\n"
            "Models that were imported, and the demo project.\n";
    page += ".SH SEE ALSO\n.BR " + escaped(program == "sapsam" ? "sapsam-workbench" : "sapsam")
            + " (1)\n";
    return page;
}

std::string bashCompletion(const CLI::App &app, const std::string &program)
{
    std::string function = "_" + program;
    std::replace(function.begin(), function.end(), '-', '_');
    std::vector<std::string> paths;
    collectPaths(paths, app, "");
    std::string script = "# bash completion for " + program + ", made from its own parser\n";
    script +=
        function + "()\n{\n    local word path='' words='' cur=\"${COMP_WORDS[COMP_CWORD]}\"\n";
    script += "    local -A known=(";
    for (const std::string &path : paths)
        script += "['" + path + "']=1 ";
    script += ")\n    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
              "        [[ -n \"${known[\"${path:+$path }$word\"]}\" ]] && path=\"${path:+$path "
              "}$word\"\n    done\n    case \"$path\" in\n";
    writeCases(script, app, "");
    script += "    esac\n    if [[ \"$cur\" == -* || -z \"$path\" && -n \"${known[*]}\" ]]; then\n"
              "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n    else\n"
              "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\"; compgen -f -- "
              "\"$cur\")\n    fi\n}\n";
    script += "complete -o filenames -F " + function + " " + program + "\n";
    return script;
}

void addManualVerb(CLI::App &app, Context &context)
{
    auto shell = std::make_shared<std::string>();
    auto *man = app.add_subcommand("man", "Print the manual page, made from this parser");
    man->add_option("--completion", *shell, "The completion for a shell instead")
        ->check(CLI::IsMember({"bash"}));
    man->callback([&app, &context, shell] {
        context.verb = [&app, shell] {
            Answer answer;
            answer.text =
                shell->empty() ? manualPage(app, "sapsam") : bashCompletion(app, "sapsam");
            answer.json = {{"text", answer.text}};
            return answer;
        };
    });
}

} // namespace sapsam::cli
