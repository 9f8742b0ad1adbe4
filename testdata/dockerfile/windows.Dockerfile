# escape=`
FROM mcr.microsoft.com/windows/servercore:ltsc2022
SHELL ["powershell", "-Command"]
WORKDIR C:\app
RUN Write-Host 'a' ; `
    hf auth login --token $env:HF_TOKEN
COPY app.exe C:\app\
